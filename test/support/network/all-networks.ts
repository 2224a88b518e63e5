// Loaded into a relay before it starts: every token allows all networks of its tenant, not just its own.
import { Tenants } from "../../../relay/tenants/tenants.ts";

const { authenticate } = Tenants.prototype;

Tenants.prototype.authenticate = function (hash) {
  const grant = authenticate.call(this, hash);
  return grant && { ...grant, networks: this.networks(grant.tenant) };
};
