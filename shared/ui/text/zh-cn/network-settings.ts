import type { Catalogue } from "../catalogue.ts";
import type { networkSettings as english } from "../en/network-settings.ts";

export const networkSettings: Catalogue<typeof english> = {
  lead: "更改立即生效，包括已连接的成员。",
  choices: {
    flood: "泛洪",
    drop: "丢弃",
    auto: "自动",
    on: "开启",
    off: "关闭",
    pass: "保留",
    strip: "去除",
  },
  names: {
    ageing: ["老化时间", "学习到的地址静默多少秒后移除。"],
    mac_limit: ["MAC 地址数", "转发表中所有成员合计的上限。"],
    unknown_unicast: ["未知单播", "目的地址不在转发表中的帧。"],
    snooping: ["IGMP 与 MLD 侦听", "IP 组播只发给加入该组的成员。"],
    unregistered_multicast: ["未登记组播", "没有成员的组播组的流量。"],
    suppression: ["ARP 与 ND 抑制", "集线器代已知的机器应答 ARP 和 ND。"],
    source_binding: ["源地址绑定", "成员只能使用自己登记过的地址。"],
    dhcp_guard: ["DHCP 防护", "只有具有该角色的成员可以充当 DHCP 服务器。"],
    ra_guard: ["RA 防护", "只有具有该角色的成员可以发送路由器通告和重定向。"],
    storm_broadcast: ["每秒广播数", "单个成员可发送的上限；0 表示不限。"],
    storm_multicast: ["每秒组播数", "单个成员可发送的上限；0 表示不限。"],
    storm_unknown: ["每秒未知单播数", "单个成员可发送的上限；0 表示不限。"],
    ethertypes: ["EtherType", "all、allow:0x0800,… 或 deny:0x88cc,…"],
    loop_detection: ["环路检测", "两个被桥接的成员中，较新的一个会被切断。"],
    vlan: ["802.1Q 标签", "如何处理收到的帧所带的标签。"],
  },
};
