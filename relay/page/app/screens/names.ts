/** How tenants and networks may be named, for `pattern`. */
export const NAME_PATTERN = "[a-z0-9]([a-z0-9\\-]{0,61}[a-z0-9])?";
