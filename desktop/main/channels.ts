/** The two channels between window and app: calls go one way, events the other. */
export const CALL_CHANNEL = "laneway:call";
export const EVENT_CHANNEL = "laneway:event";
