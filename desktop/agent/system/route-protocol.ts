/** By this routes are known to be Laneway's (ip-route(8), "protocol"): a number that iproute2's rt_protos does not name. */
export const ROUTE_PROTOCOL = "76";
