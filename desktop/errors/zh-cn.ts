import type { ErrorTexts } from "./codes.ts";

const askForInvite = "请向发送者索取新的邀请。";
const report = "请在“日志”中复制报告，并发送给项目。";

/** The texts of all errors in Simplified Chinese. */
export const zhCN: ErrorTexts = {
  unknown: { title: "出现问题", sentence: "", next: "" },

  "agent.not-running": {
    title: "Laneway 服务未运行",
    sentence: "网络由后台服务维护，而它没有响应。",
    next: "安装或启动服务：sudo laneway service install",
  },
  "agent.not-reachable": {
    title: "无法访问 Laneway 服务",
    sentence: "服务的套接字存在，但当前用户无权打开。",
    next: "将自己加入 laneway 组（sudo usermod -aG laneway $USER），然后重新登录。",
  },
  "agent.untrusted-socket": {
    title: "服务的套接字不可信",
    sentence: "它既不属于系统也不属于您，可能有其他程序在那里监听。",
    next: "以 root 身份删除它并重启服务，或更正 LANEWAY_SOCKET。",
  },
  "agent.version": {
    title: "应用与服务版本不符",
    sentence: "两者来自不同版本的 Laneway，无法互相理解。",
    next: "更新 Laneway，然后重启服务和应用。",
  },
  "agent.forbidden": {
    title: "您只能查看，不能更改",
    sentence: "只有 root 和 laneway 组的成员可以更改网络。",
    next: "将自己加入该组（sudo usermod -aG laneway $USER），然后重新登录。",
  },
  "agent.busy": {
    title: "服务繁忙",
    sentence: "它正在处理的请求已达上限。",
    next: "请稍后再试。",
  },
  "agent.running-already": {
    title: "服务已在运行",
    sentence: "另一个服务正在使用相同的套接字或状态目录。",
    next: "使用那个服务，或为另一个设置单独的 LANEWAY_SOCKET 和 LANEWAY_STATE。",
  },
  "agent.not-supported": {
    title: "此处无法完成该操作",
    sentence: "本机或对方的 Laneway 版本不支持。",
    next: "请更新两端的 Laneway。",
  },
  "agent.too-big": {
    title: "请求过大",
    sentence: "服务不接受这么大的请求。",
    next: "请减少一次发送的内容。",
  },
  "agent.malformed": {
    title: "服务无法理解请求",
    sentence: "请求在途中损坏，或根本不是请求。",
    next: report,
  },
  "agent.unknown-method": {
    title: "服务不认识此请求",
    sentence: "应用的版本比服务新。",
    next: "更新 Laneway，然后重启服务。",
  },
  "agent.invalid-params": {
    title: "某个值无效",
    sentence: "服务无法使用所给的某个值。",
    next: "更正该值后重试。",
  },
  "agent.gone": {
    title: "与服务的连接已断开",
    sentence: "连接在得到答复前结束；除非服务被停止，已连接的网络保持不变。",
    next: "应用会自动重新连接，之后请重试。",
  },
  "agent.internal": {
    title: "服务内部出错",
    sentence: "服务中发生了不应发生的事情。",
    next: report,
  },
  "job.unknown": {
    title: "任务已经结束",
    sentence: "该任务已不在运行。",
    next: "如有需要，请重新开始。",
  },
  "job.too-many": {
    title: "同时进行的任务过多",
    sentence: "服务只能同时运行少量测试和抓包。",
    next: "取消其中一个，或等待其完成。",
  },
  "app.internal": {
    title: "应用内部出错",
    sentence: "应用中发生了不应发生的事情。",
    next: report,
  },
  "app.file-unwritable": {
    title: "无法写入文件",
    sentence: "抓包内容无法保存到您选择的位置。",
    next: "选择其他文件夹，或清理磁盘空间。",
  },

  "state.corrupt": {
    title: "服务的文件已损坏",
    sentence: "无法读回其中保存的网络信息。",
    next: "恢复该文件的副本，或将其移走并用新邀请加入。",
  },
  "state.unreadable": {
    title: "服务无法读取其文件",
    sentence: "它没有读取权限。",
    next: "运行 sudo laneway service install 重新设置权限。",
  },
  "state.unwritable": {
    title: "服务无法保存",
    sentence: "其目录不可写：权限有误，或磁盘已满。",
    next: "清理磁盘空间，或运行 sudo laneway service install",
  },

  "tap.unsupported-platform": {
    title: "此系统暂时无法加入网络",
    sentence: "Laneway 还没有适用于此系统的网络驱动；中继、管理和诊断可以使用。",
    next: "请在 Linux 机器上加入网络。",
  },
  "tap.no-permission": {
    title: "无权创建网络接口",
    sentence: "服务在没有 CAP_NET_ADMIN 权限的情况下运行。",
    next: "运行：sudo laneway service install",
  },
  "tap.no-device": {
    title: "内核的 TAP 驱动未加载",
    sentence: "此系统没有 /dev/net/tun。",
    next: "加载驱动：sudo modprobe tun（容器需要传入该设备）。",
  },
  "tap.no-driver": {
    title: "备用 TAP 驱动未安装",
    sentence: "所要求的软件包没有为此系统构建。",
    next: "让 Laneway 自行选择驱动。",
  },
  "tap.no-ffi": {
    title: "Laneway 缺少组件",
    sentence: "无法加载用于打开网络接口的库。",
    next: "重新安装 Laneway。",
  },
  "tap.name-taken": {
    title: "接口名称已被占用",
    sentence: "本机的另一个网络接口使用了该名称。",
    next: "选择其他名称，或删除另一个接口。",
  },
  "tap.name-invalid": {
    title: "接口名称无效",
    sentence: "名称最多 15 个字符，不含空格和斜杠。",
    next: "选择更短或更简单的名称。",
  },
  "tap.refused": {
    title: "内核拒绝创建接口",
    sentence: "无法创建网络接口。",
    next: "运行诊断，查看缺少什么。",
  },
  "tap.gone": {
    title: "网络接口已消失",
    sentence: "本机的其他程序删除了它。",
    next: "关闭该网络，然后重新打开。",
  },
  "link.no-iproute2": {
    title: "缺少 ip 命令",
    sentence: "Laneway 用它设置地址，但它没有安装。",
    next: "安装：sudo apt install iproute2",
  },
  "link.no-permission": {
    title: "无权设置接口",
    sentence: "服务在没有 CAP_NET_ADMIN 权限的情况下运行。",
    next: "运行：sudo laneway service install",
  },
  "link.name-taken": {
    title: "接口名称已被占用",
    sentence: "本机的另一个网络接口使用了该名称。",
    next: "选择其他名称，或删除另一个接口。",
  },
  "link.gone": {
    title: "网络接口已消失",
    sentence: "本机的其他程序删除了它。",
    next: "关闭该网络，然后重新打开。",
  },
  "address.refused": {
    title: "该地址不可用",
    sentence: "为本机选择的地址属于中心节点或其他设备，或者不在该网络的子网内。",
    next: "取消所选地址以使用网络分配的地址，或选择其他地址。",
  },
  "link.refused": {
    title: "无法设置接口",
    sentence: "内核拒绝了接口的地址或其他设置。",
    next: "检查网络的地址、MAC 和 MTU。",
  },

  "interface.changed": {
    title: "网络接口被其他程序修改",
    sentence: "其他程序或用户修改了该接口，目前无法恢复。",
    next: "让该程序不再管理此接口：sudo laneway service install",
  },
  "interface.overlap": {
    title: "网络地址段冲突",
    sentence: "本机的另一个接口使用相同的地址段，因此部分机器无法访问。",
    next: "换用其他局域网，或请管理员更换该网络的子网。",
  },
  "relay.unreachable": {
    title: "无法连接中继",
    sentence: "中继没有响应，或本机处于离线状态。",
    next: "检查本机的网络连接；Laneway 会继续尝试。",
  },
  "relay.away": {
    title: "中继暂时离开",
    sentence: "它正在重启，或过于繁忙。",
    next: "请稍候：Laneway 会自动重新连接。",
  },
  "relay.not-a-relay": {
    title: "这不是 Laneway 中继",
    sentence: "该地址有响应，但不是中继，或途中的代理阻止了 WebSocket。",
    next: "检查地址，或询问中继的运营者。",
  },
  "relay.websocket-blocked": {
    title: "代理阻断了隧道",
    sentence: "中继有响应，但途中的设备不放行 WebSocket。",
    next: "请联系中继或本网络代理的管理员；详情中列出了代理去掉的内容。",
  },
  "relay.login": {
    title: "中继前面的代理要求密码",
    sentence: "中继前面的代理要求用户名和密码，才允许本机通过。",
    next: "将其写入中继地址：https://用户:密码@relay.example。",
  },
  "proxy.login": {
    title: "代理要求密码",
    sentence: "出口的 HTTP 代理不接受给出的用户名和密码，或未收到任何凭据。",
    next: "在“设置”中更正代理地址。",
  },
  "proxy.forbidden": {
    title: "代理不允许访问中继",
    sentence: "出口的 HTTP 代理拒绝连接到中继。",
    next: "请其管理员允许对中继的地址和端口使用 CONNECT。",
  },
  "proxy.failed": {
    title: "代理无法到达中继",
    sentence: "出口的 HTTP 代理未能连接到中继。",
    next: "Laneway 会自动重试；请检查中继是否在运行。",
  },
  "proxy.unreachable": {
    title: "代理没有响应",
    sentence: "无法到达出口的 HTTP 代理。",
    next: "Laneway 会自动重试；请在“设置”中检查代理地址。",
  },
  "relay.certificate": {
    title: "中继的证书不受信任",
    sentence: "证书已过期、名称不符，或来自未知的颁发机构。",
    next: "检查本机的时钟，然后询问中继的运营者。",
  },
  "relay.refused-value": {
    title: "未采用中继给出的某个值",
    sentence: "该值超出允许范围，或会占用本机以其他方式访问的地址。",
    next: "如确需由该网络使用，请运行：laneway up 网络名 --allow-overlap",
  },
  "tunnel.closed-1009": {
    title: "中继与本机的大小限制不一致",
    sentence: "一方一次发送的内容超过了另一方的限制。",
    next: "更新两者中较旧的一方。",
  },
  "tunnel.closed-4001": {
    title: "中继不再接纳本机",
    sentence: "本机已被移出网络，或访问权限已过期。",
    next: "用新的邀请重新加入。",
  },
  "tunnel.closed-4002": {
    title: "中继无法理解本机",
    sentence: "它收到了协议中没有的内容。",
    next: "更新两端的 Laneway；如仍出现，请发送报告。",
  },
  "tunnel.closed-4003": {
    title: "访问权限已被收回",
    sentence: "管理员已将本机移出网络。",
    next: "询问管理员，并用新的邀请重新加入。",
  },
  "tunnel.closed-4004": {
    title: "中继使用其他版本",
    sentence: "中继与本机没有共同的协议版本。",
    next: "更新两者中较旧的一方。",
  },
  "tunnel.closed-4009": {
    title: "另一台机器取代了本机",
    sentence: "它使用相同的密钥，例如本机的副本。",
    next: "在其中一台上退出网络，并用新的邀请加入。",
  },

  "network.unknown": {
    title: "没有这个网络",
    sentence: "本机不是其成员，或网络已被删除。",
    next: "检查名称，或用邀请加入。",
  },
  "network.ambiguous": {
    title: "多个网络使用该名称",
    sentence: "仅凭名称无法确定是哪一个。",
    next: "请从列表中选择。",
  },
  "network.none": {
    title: "没有可加入的网络",
    sentence: "邀请有效，但目前没有开放任何网络。",
    next: "请询问发送者。",
  },
  "network.refused": {
    title: "中继拒绝了该网络",
    sentence: "中继认识本机，但不允许它使用此网络。",
    next: "请询问网络管理员。",
  },
  "network.changed": {
    title: "网络已变为另一个网络",
    sentence: "本机加入之后，它被删除并重新创建。",
    next: "关闭该网络，然后重新打开。",
  },
  "network.not-up": {
    title: "网络已关闭",
    sentence: "此操作需要已连接的网络。",
    next: "打开网络后重试。",
  },
  "peer.unknown": {
    title: "没有这个成员",
    sentence: "它已离开网络。",
    next: "请选择其他成员。",
  },
  "peer.offline": {
    title: "成员不在线",
    sentence: "此操作需要该成员已连接。",
    next: "唤醒它，或等它上线后重试。",
  },
  "peer.no-answer": {
    title: "成员没有响应",
    sentence: "它已连接，但没有及时答复。",
    next: "检查其防火墙是否放行 Laneway 的接口，然后重试。",
  },

  "usage.invite": {
    title: "这不是邀请",
    sentence: "邀请是形如 https://relay.example/join#v1.… 或 laneway://… 的链接。",
    next: "复制完整的链接后重新粘贴。",
  },
  "invite.refused": {
    title: "中继不认识此邀请",
    sentence: "链接可能不完整，或属于另一个中继。",
    next: `检查链接是否完整。${askForInvite}`,
  },
  "invite.expired": {
    title: "邀请已过期",
    sentence: "它的有效期已过。",
    next: askForInvite,
  },
  "invite.used-up": {
    title: "邀请已用完",
    sentence: "它接纳的机器数已达上限。",
    next: askForInvite,
  },
  "invite.revoked": {
    title: "邀请已被撤回",
    sentence: "管理员收回了它。",
    next: askForInvite,
  },
  "enrol.bad-proof": {
    title: "中继无法验证本机的密钥",
    sentence: "中继使用的地址与链接中的不同。",
    next: "中继的运营者可用 --public-url 设置正确的地址。",
  },
  "enrol.bad-key": {
    title: "中继拒绝了本机的密钥",
    sentence: "密钥属于另一台机器，或已损坏。",
    next: "退出该中继的网络，然后重新加入。",
  },
  "enrol.device-revoked": {
    title: "本机已被移除",
    sentence: "管理员移除了本机，此邀请不能让它重新加入。",
    next: askForInvite,
  },
  "limit.devices": {
    title: "中继已满",
    sentence: "机器数量已达上限。",
    next: "请运营者移除不再使用的机器，或提高上限。",
  },
  "limit.network-devices": {
    title: "网络已满",
    sentence: "机器数量已达上限。",
    next: "请管理员移除不再使用的机器，或提高上限。",
  },
  "rate.limited": {
    title: "尝试次数过多",
    sentence: "凭据错误后，中继要求此地址等待。",
    next: "请等待几分钟后再试。",
  },
  "request.invalid": {
    title: "中继无法使用某个值",
    sentence: "所给的某个值在中继上无效。",
    next: "更正后重试。",
  },

  "admin.no-token": {
    title: "需要管理员令牌",
    sentence: "本机没有该中继的令牌。",
    next: "添加中继运营者给您的令牌。",
  },
  "admin.refused": {
    title: "中继拒绝了令牌",
    sentence: "它不是管理员令牌，或已被撤销。",
    next: "检查令牌是否完整，或向运营者索取新的令牌。",
  },
  "admin.forbidden": {
    title: "令牌的权限不足",
    sentence: "它管理的是另一个租户，或只是中继的一部分。",
    next: "使用该租户的令牌，或询问运营者。",
  },

  "usage.cidr": {
    title: "这不是地址范围",
    sentence: "正确的写法如 10.20.0.0/24。",
    next: "更正后重试。",
  },
  "usage.mac": {
    title: "这不是 MAC 地址",
    sentence: "正确的写法如 02:00:5e:00:53:01。",
    next: "更正后重试。",
  },
  "usage.proxy": {
    title: "这不是代理地址",
    sentence: "HTTP 代理写作 http://主机:端口 或 http://用户:密码@主机:端口。",
    next: "更正后重试。",
  },
  "usage.ca": {
    title: "其中没有证书",
    sentence: "受信任的颁发机构以 PEM 格式的证书给出。",
    next: "选择其他文件后重试。",
  },
  "usage.relay": {
    title: "这不是中继地址",
    sentence: "地址以 https:// 或 http:// 开头。",
    next: "更正后重试。",
  },
};
