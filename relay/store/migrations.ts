/**
 * The database's schema, as a sequence of steps. A released step never changes; `PRAGMA user_version` counts the steps
 * taken.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE tenants (
    name TEXT PRIMARY KEY
  ) STRICT;
  CREATE TABLE networks (
    id INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL REFERENCES tenants (name) ON DELETE CASCADE,
    name TEXT NOT NULL,
    vni INTEGER NOT NULL UNIQUE,
    multicast_group TEXT NOT NULL,
    mtu INTEGER NOT NULL,
    subnet TEXT,
    addresses INTEGER NOT NULL,
    mode TEXT NOT NULL,
    UNIQUE (tenant, name)
  ) STRICT;
  CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    network_id INTEGER NOT NULL REFERENCES networks (id) ON DELETE CASCADE,
    hash TEXT NOT NULL UNIQUE,
    name TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER
  ) STRICT;
  CREATE INDEX tokens_of_network ON tokens (network_id);
  `,
  // Settings that are absent have their defaults. A token opens further networks besides its first.
  `
  ALTER TABLE networks ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
  ALTER TABLE tokens ADD COLUMN roles TEXT NOT NULL DEFAULT '[]';
  CREATE TABLE token_networks (
    token TEXT NOT NULL REFERENCES tokens (id) ON DELETE CASCADE,
    network_id INTEGER NOT NULL REFERENCES networks (id) ON DELETE CASCADE,
    PRIMARY KEY (token, network_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX token_networks_of_network ON token_networks (network_id);
  `,
  // Tokens may open every network of their tenant; invites, devices, addresses, tenants' admins, limits, audit.
  `
  CREATE TABLE new_tokens (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL REFERENCES tenants (name) ON DELETE CASCADE,
    network_id INTEGER REFERENCES networks (id) ON DELETE CASCADE,
    all_networks INTEGER NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    name TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    roles TEXT NOT NULL,
    CHECK (all_networks = (network_id IS NULL))
  ) STRICT;
  INSERT INTO new_tokens
    SELECT tokens.id, networks.tenant, network_id, 0, hash, tokens.name, created_at, expires_at, roles
    FROM tokens JOIN networks ON networks.id = tokens.network_id;
  -- What refers to a table goes with it.
  CREATE TABLE kept AS SELECT token, network_id FROM token_networks;
  DROP TABLE tokens;
  ALTER TABLE new_tokens RENAME TO tokens;
  INSERT INTO token_networks SELECT token, network_id FROM kept;
  DROP TABLE kept;
  CREATE INDEX tokens_of_network ON tokens (network_id);
  CREATE INDEX tokens_of_tenant ON tokens (tenant);

  CREATE TABLE admins (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL REFERENCES tenants (name) ON DELETE CASCADE,
    hash TEXT NOT NULL UNIQUE,
    name TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER
  ) STRICT;
  CREATE INDEX admins_of_tenant ON admins (tenant);

  CREATE TABLE invites (
    id TEXT PRIMARY KEY,
    network_id INTEGER NOT NULL REFERENCES networks (id) ON DELETE CASCADE,
    hash TEXT NOT NULL UNIQUE,
    uses INTEGER NOT NULL,
    used INTEGER NOT NULL DEFAULT 0 CHECK (used <= uses),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER
  ) STRICT;
  CREATE INDEX invites_of_network ON invites (network_id);

  CREATE TABLE devices (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL REFERENCES tenants (name) ON DELETE CASCADE,
    name TEXT NOT NULL,
    public_key TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_seen INTEGER,
    UNIQUE (tenant, public_key)
  ) STRICT;
  CREATE TABLE memberships (
    device_id TEXT NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
    network_id INTEGER NOT NULL REFERENCES networks (id) ON DELETE CASCADE,
    PRIMARY KEY (device_id, network_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX memberships_of_network ON memberships (network_id);
  -- Outlives the device, so that a key that was shut out can't come back by the invite it came with.
  CREATE TABLE enrolments (
    invite_id TEXT NOT NULL REFERENCES invites (id) ON DELETE CASCADE,
    public_key TEXT NOT NULL,
    device_id TEXT REFERENCES devices (id) ON DELETE SET NULL,
    PRIMARY KEY (invite_id, public_key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX enrolments_of_device ON enrolments (device_id);

  -- Without a device an address is reserved for what the relay does not give it to.
  CREATE TABLE addresses (
    network_id INTEGER NOT NULL REFERENCES networks (id) ON DELETE CASCADE,
    address INTEGER NOT NULL,
    device_id TEXT REFERENCES devices (id) ON DELETE CASCADE,
    fixed INTEGER NOT NULL,
    PRIMARY KEY (network_id, address),
    UNIQUE (network_id, device_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX addresses_of_device ON addresses (device_id);

  CREATE TABLE limits (
    tenant TEXT NOT NULL REFERENCES tenants (name) ON DELETE CASCADE,
    name TEXT NOT NULL,
    value INTEGER,
    PRIMARY KEY (tenant, name)
  ) STRICT, WITHOUT ROWID;

  -- Refers to nothing: what was done to an object outlives it.
  CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    tenant TEXT,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    from_address TEXT
  ) STRICT;
  CREATE INDEX audit_of_tenant ON audit (tenant, id);
  CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
  CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
  `,
  // Addresses and names: a ULA prefix of each network (RFC 4193), labels, and addresses not to give again soon.
  `
  -- The global ID, 40 bits (RFC 4193 section 3.2).
  ALTER TABLE networks ADD COLUMN ula INTEGER NOT NULL DEFAULT 0;
  UPDATE networks SET ula = random() & 0xffffffffff;
  -- Chosen when they are first needed.
  ALTER TABLE memberships ADD COLUMN address6 TEXT;
  ALTER TABLE memberships ADD COLUMN label TEXT;
  CREATE UNIQUE INDEX memberships_by_address6 ON memberships (network_id, address6);
  CREATE UNIQUE INDEX memberships_by_label ON memberships (network_id, label);

  -- In the order in which they were released.
  CREATE TABLE released_addresses (
    id INTEGER PRIMARY KEY,
    network_id INTEGER NOT NULL REFERENCES networks (id) ON DELETE CASCADE,
    address INTEGER NOT NULL,
    UNIQUE (network_id, address)
  ) STRICT;
  -- However it comes to be: also where the device goes. Not where the network does.
  CREATE TRIGGER addresses_are_released AFTER DELETE ON addresses
    WHEN EXISTS (SELECT 1 FROM networks WHERE id = OLD.network_id)
    BEGIN
      INSERT OR REPLACE INTO released_addresses (network_id, address) VALUES (OLD.network_id, OLD.address);
    END;
  -- Addresses that somebody uses without having been given them.
  CREATE TABLE used_addresses (
    network_id INTEGER NOT NULL REFERENCES networks (id) ON DELETE CASCADE,
    address INTEGER NOT NULL,
    mac INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (network_id, address)
  ) STRICT, WITHOUT ROWID;
  `,
  // Limits of one network, in place of its tenant's limits for each network.
  `
  CREATE TABLE network_limits (
    network_id INTEGER NOT NULL REFERENCES networks (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    value INTEGER,
    PRIMARY KEY (network_id, name)
  ) STRICT, WITHOUT ROWID;
  `,
  // Ports of networks on the underlay, each as the JSON of its request.
  `
  CREATE TABLE ports (
    id TEXT PRIMARY KEY,
    network_id INTEGER NOT NULL REFERENCES networks (id) ON DELETE CASCADE,
    config TEXT NOT NULL
  ) STRICT;
  CREATE INDEX ports_of_network ON ports (network_id);
  `,
  // Written to test whether the disk accepts writes.
  `
  CREATE TABLE probe (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    tries INTEGER NOT NULL
  ) STRICT;
  `,
  // Each tenant's part of the audit log has its own numbers, and the oldest entries can be removed.
  `
  -- One for each tenant there was: another for a later one of the same name. NULL is the relay itself.
  -- Entries up to the number in 'gone' have been removed, or may be.
  CREATE TABLE audit_logs (
    id INTEGER PRIMARY KEY,
    tenant TEXT,
    gone INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX audit_logs_of_tenant ON audit_logs (tenant, id);

  DROP TRIGGER audit_is_not_changed;
  DROP TRIGGER audit_is_not_deleted;
  DROP INDEX audit_of_tenant;
  ALTER TABLE audit ADD COLUMN log INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE audit ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE numbered AS
    SELECT id, tenant,
      DENSE_RANK() OVER (ORDER BY tenant, life) AS log,
      ROW_NUMBER() OVER (PARTITION BY tenant, life ORDER BY id) AS number
    FROM (
      SELECT id, tenant, SUM(action = 'tenant.create') OVER (PARTITION BY tenant ORDER BY id) AS life FROM audit
    );
  CREATE INDEX numbered_by_id ON numbered (id);
  INSERT INTO audit_logs (id, tenant) SELECT DISTINCT log, tenant FROM numbered;
  UPDATE audit SET log = numbered.log, number = numbered.number FROM numbered WHERE numbered.id = audit.id;
  DROP TABLE numbered;

  CREATE INDEX released_addresses_in_order ON released_addresses (network_id, id);
  CREATE UNIQUE INDEX audit_of_log ON audit (log, number);
  CREATE INDEX audit_by_time ON audit (log, at, number);
  CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
  CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
    WHEN OLD.number > COALESCE((SELECT gone FROM audit_logs WHERE id = OLD.log), 0)
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
  `,
  // Number of MAC addresses of a session, if its token or invite sets one. A device has the number of its invite.
  `
  ALTER TABLE tokens ADD COLUMN macs INTEGER;
  ALTER TABLE invites ADD COLUMN macs INTEGER;
  ALTER TABLE memberships ADD COLUMN macs INTEGER;
  `,
  // Whether the relay chose the subnet itself, at its first start.
  `
  ALTER TABLE networks ADD COLUMN chosen_subnet INTEGER NOT NULL DEFAULT 0;
  `,
  // The id of the request behind an audit entry.
  `
  ALTER TABLE audit ADD COLUMN request TEXT;
  `,
];
