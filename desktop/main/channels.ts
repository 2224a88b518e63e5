/** The two channels between window and app: one for calls, one for events. */
export const CALL_CHANNEL = "laneway:call";
export const EVENT_CHANNEL = "laneway:event";
