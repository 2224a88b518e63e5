/**
 * The nftables rules of a home router: the LAN goes out masqueraded, answers come back in, and everything else is
 * dropped. Its interfaces are named `lan` and `wan`.
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
