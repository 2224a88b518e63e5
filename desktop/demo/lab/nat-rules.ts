/**
 * The nftables rules of a home router: the LAN gets out masqueraded, answers get back in, and nothing else does.
 * Its interfaces are called `lan` and `wan`.
 */
export const NAT_RULES = `
table inet router {
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    oifname "wan" masquerade
  }
  chain forward {
    type filter hook forward priority filter; policy drop;
    iifname "lan" oifname "wan" accept
    iifname "wan" oifname "lan" ct state established,related accept
  }
  chain input {
    type filter hook input priority filter; policy drop;
    iifname { "lo", "lan" } accept
    ct state established,related accept
  }
}
`;
