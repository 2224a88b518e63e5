import { Command, Option } from "commander";
import { isLoopback } from "../../../../shared/api/invite-link.ts";
import { parseDuration } from "../../../../shared/values/duration.ts";
import { Output } from "../../print/output.ts";
import { type AdminOptions, adminClient, adminOptions, tenantOption, wholeNumber } from "./admin-options.ts";

interface CreateOptions extends AdminOptions {
  readonly network: string;
  readonly uses?: number;
  readonly macs?: number;
  readonly expires?: number;
  readonly qr?: boolean;
}

const PATH = "/v1/tenants/{tenant}/invites";

/** Returns `laneway invite create|list|revoke`. */
export function inviteCommand(): Command {
  const invite = new Command("invite").description("administer invites, each a link onto one network");
  const add = (usage: string, description: string) =>
    adminOptions(tenantOption(invite.command(usage).description(description)));

  add("create", "make an invite; its link is shown this once")
    .option("--network <name>", "the network that it opens", "lan")
    .option("--uses <number>", "how many devices it lets in (default: 1)", wholeNumber("--uses", { from: 1 }))
    .option(
      "--macs <number>",
      "how many MAC addresses may be behind each device (default: the limits say)",
      wholeNumber("--macs", { from: 1 }),
    )
    .option("--expires <duration>", "how long it is good for: 30s, 15m, 24h, 7d", parseDuration)
    .option("--qr", "draw the link as a QR code, too, for a phone's camera (not with --json)")
    .action(async (options: CreateOptions) => {
      const { network, uses, macs, expires, qr } = options;
      const request = { network, uses, macs, expires_in: expires };
      const output = new Output(options.json);
      const made = await adminClient(options).create(PATH, options, request);
      output.object(made);
      if (qr === true && options.json !== true) output.drawing(await qrCode(made.link));
      output.note("Send the link to whoever is to join: it is opened by 'laneway join LINK'.");
      if (isLoopback(new URL(made.link))) {
        output.note(
          "It is of use on this machine alone: for others, name the relay by its own address (--relay http://ADDRESS:PORT), or start it with --public-url.",
        );
      }
    });
  add("list", "list a tenant's invites").action(async (options: AdminOptions) => {
    const rows = await adminClient(options).list(PATH, options);
    new Output(options.json).list(rows, ["id", "network", "tenant", "used", "uses", "expires_at"]);
  });
  add("revoke <id>", "withdraw an invite, and shut out the devices that came by it")
    .option("--keep-devices", "let nobody else in by it, and keep those that came")
    .addOption(
      new Option("--devices", "shut the devices out: the default").conflicts("keepDevices").hideHelp(),
    )
    .action(async (id: string, options: AdminOptions & { readonly keepDevices?: boolean }) => {
      const { keepDevices = false, json } = options;
      const query = { devices: keepDevices ? "false" : "true" } as const;
      await adminClient(options).delete(`${PATH}/{invite}`, { ...options, invite: id }, query);
      const devices = keepDevices ? "the devices that came by it stay" : "so are the devices that came by it";
      new Output(json).note(`invite '${id}' is revoked, ${devices}`);
    });
  return invite;
}

/** Draws the link as a QR code. On a terminal it has colours of its own, because cameras need dark on light. */
async function qrCode(link: string): Promise<string> {
  // Loaded on demand because few commands need it.
  const { default: QrCode } = await import("qrcode");
  return process.stdout.isTTY
    ? await QrCode.toString(link, { type: "terminal", small: true })
    : await QrCode.toString(link, { type: "utf8" });
}
