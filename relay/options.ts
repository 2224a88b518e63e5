import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { Command, Option } from "commander";
import { z } from "zod";
import { firstProblem } from "../shared/protocol/control.ts";
import { Fault, usage } from "../shared/values/fault.ts";
import { FRAMINGS, type Framing, framingOption } from "../system/websocket/framing.ts";
import { type ConnectionLimits, connectionLimits } from "./arrivals/connections.ts";
import { descriptorLimit } from "./arrivals/descriptors.ts";
import { TrustedProxies } from "./arrivals/trusted-proxies.ts";
import { type CertificateFiles, type CertificatePair, readCertificate } from "./certificate.ts";
import type { AuditRetention } from "./tenants/audit-keeper.ts";

/** The options of a relay. */
export interface RelayOptions {
  readonly hostname: string;
  readonly port: number;
  readonly data: string;
  /** The URL at which clients reach the relay; by default, each request tells it. */
  readonly publicUrl: URL | undefined;
  /** The certificate and key at the start, and their files. */
  readonly tls: (CertificatePair & CertificateFiles) | undefined;
  /** The implementation of WebSocket framing. */
  readonly framing: Framing;
  /** The proxies whose `X-Forwarded-For` is trusted; none by default. */
  readonly trustedProxies: TrustedProxies;
  /** The directory of the clients' packages that it serves; none by default. */
  readonly packages: string | undefined;
  /** The limits of the audit log. */
  readonly audit: AuditRetention;
  readonly connections: ConnectionLimits;
  readonly json: boolean;
}

/** Default limits of the audit log: 400 days, because many rules require a year. */
const AUDIT_DAYS = 400;
const AUDIT_ENTRIES = 100_000;

/** A number of connections: digits on the command line and in the environment, a number in the config file. */
const count = z
  .union([
    z.number(),
    z
      .string()
      .regex(/^\d{1,7}$/, "a whole number")
      .transform(Number),
  ])
  .pipe(z.number().int().min(1).max(9_999_999))
  .optional();

const raw = z.strictObject({
  listen: z.string().default("0.0.0.0:8787"),
  data: z.string().optional(),
  public_url: z.string().optional(),
  tls_cert: z.string().optional(),
  tls_key: z.string().optional(),
  websocket: z.enum(FRAMINGS).default("own"),
  trusted_proxy: z.string().default(""),
  packages: z.string().optional(),
  audit_days: z.union([z.string(), z.number()]).default(AUDIT_DAYS),
  audit_entries: z.union([z.string(), z.number()]).default(AUDIT_ENTRIES),
  max_connections: count,
  max_strangers: count,
  max_strangers_per_address: count,
});

/** The options of `laneway relay`; each is also `LANEWAY_…` in the environment and a key of the config file. */
export function relayCommand(): Command {
  return new Command("relay")
    .description("run a relay: the hub that tunnels meet in")
    .addOption(
      new Option(
        "--listen <host:port>",
        "where to listen; port 0 picks a free one (default: 0.0.0.0:8787)",
      ).env("LANEWAY_LISTEN"),
    )
    .addOption(new Option("--data <dir>", "where to keep tenants, networks and tokens").env("LANEWAY_DATA"))
    .addOption(
      new Option("--public-url <url>", "the URL that clients reach this relay at").env("LANEWAY_PUBLIC_URL"),
    )
    .addOption(
      new Option("--tls-cert <file>", "serve HTTPS with this certificate chain (PEM)").env(
        "LANEWAY_TLS_CERT",
      ),
    )
    .addOption(new Option("--tls-key <file>", "and this private key (PEM)").env("LANEWAY_TLS_KEY"))
    .addOption(framingOption())
    .addOption(
      new Option(
        "--trusted-proxy <cidr>",
        "believe X-Forwarded-For from these reverse proxies; several with commas between them",
      ).env("LANEWAY_TRUSTED_PROXY"),
    )
    .addOption(
      new Option(
        "--packages <dir>",
        "serve the clients' packages of this directory, and a script that installs them",
      ).env("LANEWAY_PACKAGES"),
    )
    .addOption(
      new Option("--audit-days <days>", `how long the audit log keeps entries (default: ${AUDIT_DAYS})`).env(
        "LANEWAY_AUDIT_DAYS",
      ),
    )
    .addOption(
      new Option(
        "--audit-entries <number>",
        `how many entries it keeps that belong to no tenant; a tenant's is a limit (default: ${AUDIT_ENTRIES})`,
      ).env("LANEWAY_AUDIT_ENTRIES"),
    )
    .addOption(
      new Option(
        "--max-connections <count>",
        "connections at a time (default: what the limit of open files has room for)",
      ).env("LANEWAY_MAX_CONNECTIONS"),
    )
    .addOption(
      new Option(
        "--max-strangers <count>",
        "connections that have not shown valid credentials (default: a quarter of them, 4096 at most)",
      ).env("LANEWAY_MAX_STRANGERS"),
    )
    .addOption(
      new Option(
        "--max-strangers-per-address <count>",
        "and of those, from one address or one /64 of IPv6 (default: half of them, 1024 at most)",
      ).env("LANEWAY_MAX_STRANGERS_PER_ADDRESS"),
    )
    .addOption(new Option("--config <file>", "a JSON file with any of these options").env("LANEWAY_CONFIG"))
    .option("--json", "print events as JSON lines");
}

/**
 * Parses the options read by commander: the command line wins, then the environment, then the file.
 *
 * @throws Fault for invalid values and unreadable files
 */
export function relayOptions(given: Readonly<Record<string, unknown>>): RelayOptions {
  const { config, json, listen, data, publicUrl, tlsCert, tlsKey, websocket, trustedProxy, packages } = given;
  const { auditDays, auditEntries } = given;
  const { maxConnections, maxStrangers, maxStrangersPerAddress } = given;
  const file = typeof config === "string" ? readConfig(config) : {};
  const said = {
    listen,
    data,
    public_url: publicUrl,
    tls_cert: tlsCert,
    tls_key: tlsKey,
    websocket,
    trusted_proxy: trustedProxy,
    packages,
    audit_days: auditDays,
    audit_entries: auditEntries,
    max_connections: maxConnections,
    max_strangers: maxStrangers,
    max_strangers_per_address: maxStrangersPerAddress,
  };
  const merged = {
    ...file,
    ...Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)),
  };
  const result = raw.safeParse(merged);
  if (!result.success) {
    const problem = firstProblem(result.error);
    throw usage(
      "relay.config",
      config === undefined ? problem : `${config}: ${problem}`,
      "Correct the value of the option or key; 'laneway relay --help' lists them.",
    );
  }
  const options = result.data;
  return {
    ...parseListen(options.listen),
    data: options.data ?? defaultData(),
    publicUrl: options.public_url === undefined ? undefined : parsePublicUrl(options.public_url),
    tls: readTls(options.tls_cert, options.tls_key),
    framing: options.websocket,
    trustedProxies: TrustedProxies.parse(options.trusted_proxy),
    packages: options.packages,
    audit: {
      days: parseCount("--audit-days", options.audit_days),
      entries: parseCount("--audit-entries", options.audit_entries),
    },
    connections: connectionLimits(descriptorLimit(), {
      all: options.max_connections,
      strangers: options.max_strangers,
      strangersPerAddress: options.max_strangers_per_address,
    }),
    json: json === true,
  };
}

function readConfig(path: string): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof json !== "object" || json === null || Array.isArray(json)) throw new Error("it is no object");
    return Object.fromEntries(Object.entries(json).map(([key, value]) => [key.replaceAll("-", "_"), value]));
  } catch (error) {
    throw new Fault({
      code: "relay.config",
      message: `the config file '${path}' can't be read: ${error instanceof Error ? error.message : error}`,
      hint: "It has to be one JSON object with the options of 'laneway relay' as keys.",
      cause: error,
    });
  }
}

function parseCount(option: string, given: string | number): number {
  const count = /^[1-9]\d{0,8}$/.test(String(given)) ? Number(given) : undefined;
  if (count !== undefined) return count;
  throw usage("relay.audit", `'${given}' for ${option} is not a whole number above 0`, "Write it as 400.");
}

function parseListen(text: string): { hostname: string; port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw usage(
      "relay.listen",
      `'${text}' is not HOST:PORT`,
      "Write it as 127.0.0.1:8787, [::1]:8787 or 0.0.0.0:443.",
    );
  }
  return { hostname: match[1] ?? (match[2] || "0.0.0.0"), port };
}

function parsePublicUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw usage("relay.public-url", `'${text}' is not an http(s) URL`, "Write it as https://relay.example.");
  }
  return url;
}

function readTls(certFile: string | undefined, keyFile: string | undefined): RelayOptions["tls"] {
  if (certFile === undefined && keyFile === undefined) return undefined;
  if (certFile === undefined || keyFile === undefined) {
    throw usage("relay.tls", "TLS needs both --tls-cert and --tls-key", "Name both files, or neither.");
  }
  return { certFile, keyFile, ...readCertificate({ certFile, keyFile }) };
}

/** Returns the default data directory. */
export function defaultData(): string {
  if (process.getuid?.() === 0) return "/var/lib/laneway/relay";
  return join(process.env["XDG_DATA_HOME"] ?? join(homedir(), ".local", "share"), "laneway", "relay");
}
