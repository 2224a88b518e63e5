import { z } from "zod";
import { type PortView, portView } from "../../../shared/api/resources/port.ts";
import { portConfig } from "../../hub/ports/config.ts";
import type { UnderlayPorts } from "../../hub/ports/underlay-ports.ts";
import { type Operation, operation } from "../kernel/operation.ts";
import { compareTexts, listOperation, type Order, partOf } from "../kernel/paging.ts";

const tag = "ports";

const newPort = portConfig.meta({ id: "NewPort" });

const BY_ID: Order<PortView, string> = { schema: z.string(), of: ({ id }) => id };

export interface PortsApiOptions {
  readonly ports: UnderlayPorts;
}

/**
 * Returns the operations on a network's ports on the underlay. Only the relay's administrator creates and deletes
 * ports, because they bind addresses of the relay's machine and reach whatever it reaches.
 */
export function portOperations({ ports }: PortsApiOptions): Operation[] {
  const path = "/v1/tenants/{tenant}/networks/{network}/ports";
  const one = "/v1/tenants/{tenant}/networks/{network}/ports/{port}";
  return [
    operation({
      id: "createPort",
      tag,
      summary: "Create a tunnel to other VTEPs",
      method: "post",
      path,
      audience: "relay-administrator",
      body: newPort,
      creates: true,
      answer: portView,
      errors: {
        409: [
          "port.listen",
          "port.taken",
          "port.wire",
          "port.gateway",
          "port.interface",
          "port.group",
          "port.no-permission",
          "port.unsupported",
        ],
        429: ["port.too-many"],
      },
      handle: ({ params, body, context }) =>
        ports.create(params.tenant, params.network, body, context.var.by),
    }),
    listOperation({
      id: "listPorts",
      tag,
      summary: "List a network's tunnels, with their counters",
      path,
      row: portView,
      order: BY_ID,
      rows: ({ params }, part) =>
        partOf(ports.list(params.tenant, params.network), BY_ID.of, compareTexts, part),
      show: (row) => row,
    }),
    operation({
      id: "showPort",
      tag,
      summary: "Show a tunnel with its counters and learnt addresses",
      method: "get",
      path: one,
      answer: portView,
      errors: { 404: ["port.unknown"] },
      handle: ({ params }) => ports.show(params.tenant, params.network, params.port),
    }),
    operation({
      id: "deletePort",
      tag,
      summary: "Delete a tunnel",
      description: "The tunnel closes, and its address and UDP port become free.",
      method: "delete",
      path: one,
      audience: "relay-administrator",
      errors: { 404: ["port.unknown"] },
      handle: ({ params, context }) =>
        ports.delete(params.tenant, params.network, params.port, context.var.by),
    }),
  ];
}
