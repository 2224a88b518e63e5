/**
 * The database's schema, as the steps that led to it. A step that was released is never changed;
 * `PRAGMA user_version` counts those that were taken.
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
  // What settings do not say is their default. A token opens further networks besides its first.
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
];
