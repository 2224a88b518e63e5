/** The `pattern` for names of tenants and networks. */
export const NAME_PATTERN = "[a-z0-9]([a-z0-9\\-]{0,61}[a-z0-9])?";
