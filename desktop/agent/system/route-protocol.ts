/** Protocol number of Laneway's routes (ip-route(8), "protocol"): not named in iproute2's rt_protos. */
export const ROUTE_PROTOCOL = "76";
