import type { ErrorTexts } from "./codes.ts";

const askForInvite = "请向发送者索取新的邀请。";
const report = "请在“日志”中复制报告，并提交给项目。";

/** The texts of all errors in Simplified Chinese. */
export const zhCN: ErrorTexts = {
  unknown: { title: "出现问题", sentence: "", next: "" },

  "agent.not-running": {
    title: "Laneway 服务未运行",
    sentence: "Laneway 通过后台服务保持网络连接，但该服务没有响应。",
    next: "请安装或启动服务：sudo laneway service install",
  },
  "agent.not-reachable": {
    title: "无法访问 Laneway 服务",
    sentence: "服务的套接字存在，但当前用户没有访问权限。",
    next: "请将自己加入 laneway 组（sudo usermod -aG laneway $USER），然后重新登录。",
  },
  "agent.untrusted-socket": {
    title: "服务的套接字不可信",
    sentence: "它不属于系统，也不属于您，监听它的可能是其他程序。",
    next: "请以 root 身份删除该套接字并重启服务，或更正 LANEWAY_SOCKET。",
  },
  "agent.version": {
    title: "应用与服务的版本不一致",
    sentence: "两者来自不同版本的 Laneway，无法通信。",
    next: "请更新 Laneway，然后重启服务和应用。",
  },
  "agent.forbidden": {
    title: "您只有查看权限",
    sentence: "只有 root 和 laneway 组的成员可以更改网络。",
    next: "请将自己加入该组（sudo usermod -aG laneway $USER），然后重新登录。",
  },
  "agent.busy": {
    title: "服务繁忙",
    sentence: "同时处理的请求数已达上限。",
    next: "请稍后再试。",
  },
  "agent.running-already": {
    title: "服务已在运行",
    sentence: "另一个实例正在使用同一套接字或同一状态目录。",
    next: "请使用该实例，或为另一个实例单独设置 LANEWAY_SOCKET 和 LANEWAY_STATE。",
  },
  "agent.not-supported": {
    title: "不支持此操作",
    sentence: "本机或对端的 Laneway 版本不支持该操作。",
    next: "请更新两端的 Laneway。",
  },
  "agent.too-big": {
    title: "请求过大",
    sentence: "服务不接受这么大的请求。",
    next: "请减少单次发送的内容。",
  },
  "agent.malformed": {
    title: "服务无法解析请求",
    sentence: "请求已损坏，或格式不正确。",
    next: report,
  },
  "agent.unknown-method": {
    title: "服务不支持此请求",
    sentence: "应用的版本比服务新。",
    next: "请更新 Laneway，然后重启服务。",
  },
  "agent.invalid-params": {
    title: "参数无效",
    sentence: "服务无法使用其中一个参数值。",
    next: "请更正后重试。",
  },
  "agent.gone": {
    title: "与服务的连接已断开",
    sentence: "连接在服务响应前中断。除非服务已停止，否则网络仍保持连接。",
    next: "请等待应用自动重新连接，然后重试。",
  },
  "agent.internal": {
    title: "服务内部出错",
    sentence: "这是 Laneway 自身的问题，与您的操作无关。",
    next: report,
  },
  "job.unknown": {
    title: "任务已结束",
    sentence: "该任务已不再运行。",
    next: "如有需要，请重新开始。",
  },
  "job.too-many": {
    title: "并行任务过多",
    sentence: "服务只能同时运行少量测试和抓包任务。",
    next: "请取消一个任务，或等待任务完成。",
  },
  "app.internal": {
    title: "应用内部出错",
    sentence: "这是 Laneway 自身的问题，与您的操作无关。",
    next: report,
  },
  "app.file-unwritable": {
    title: "无法写入文件",
    sentence: "无法将抓包文件保存到所选位置。",
    next: "请选择其他文件夹，或清理磁盘空间。",
  },

  "state.corrupt": {
    title: "服务的文件已损坏",
    sentence: "无法读取服务保存的网络信息。",
    next: "请从备份恢复该文件，或将其移走，再用新的邀请重新加入。",
  },
  "state.unreadable": {
    title: "服务无法读取自身的文件",
    sentence: "服务没有读取权限。",
    next: "请运行以下命令重置权限：sudo laneway service install",
  },
  "state.unwritable": {
    title: "服务无法保存数据",
    sentence: "服务目录不可写：权限不正确，或磁盘已满。",
    next: "请清理磁盘空间，或运行：sudo laneway service install",
  },

  "tap.unsupported-platform": {
    title: "此系统暂时无法加入网络",
    sentence: "Laneway 尚无适用于此系统的网络驱动。您仍可运行中继、使用管理和诊断功能。",
    next: "请在 Linux 机器上加入网络。",
  },
  "tap.no-permission": {
    title: "没有创建网络接口的权限",
    sentence: "服务缺少 CAP_NET_ADMIN 权限。",
    next: "请运行：sudo laneway service install",
  },
  "tap.no-device": {
    title: "未加载内核的 TAP 驱动",
    sentence: "此系统没有 /dev/net/tun。",
    next: "请加载驱动：sudo modprobe tun（在容器中需映射该设备）。",
  },
  "tap.no-driver": {
    title: "未安装备用 TAP 驱动",
    sentence: "指定的软件包没有适用于此系统的版本。",
    next: "请让 Laneway 自动选择驱动。",
  },
  "tap.no-ffi": {
    title: "Laneway 缺少组件",
    sentence: "无法加载用于打开网络接口的库。",
    next: "请重新安装 Laneway。",
  },
  "tap.name-taken": {
    title: "接口名称已被占用",
    sentence: "本机的另一个网络接口正在使用该名称。",
    next: "请选择其他名称，或删除另一个接口。",
  },
  "tap.name-invalid": {
    title: "接口名称无效",
    sentence: "名称最多 15 个字符，不含空格和斜杠。",
    next: "请选择更短或更简单的名称。",
  },
  "tap.refused": {
    title: "内核拒绝创建接口",
    sentence: "无法创建网络接口。",
    next: "请运行诊断，查看缺少什么。",
  },
  "tap.gone": {
    title: "网络接口已被删除",
    sentence: "本机的其他程序删除了该接口。",
    next: "请关闭该网络，然后重新打开。",
  },
  "link.no-iproute2": {
    title: "缺少 ip 命令",
    sentence: "Laneway 需要用它设置地址，但系统未安装。",
    next: "请安装：sudo apt install iproute2",
  },
  "link.no-permission": {
    title: "没有配置网络接口的权限",
    sentence: "服务缺少 CAP_NET_ADMIN 权限。",
    next: "请运行：sudo laneway service install",
  },
  "link.name-taken": {
    title: "接口名称已被占用",
    sentence: "本机的另一个网络接口正在使用该名称。",
    next: "请选择其他名称，或删除另一个接口。",
  },
  "link.gone": {
    title: "网络接口已被删除",
    sentence: "本机的其他程序删除了该接口。",
    next: "请关闭该网络，然后重新打开。",
  },
  "address.refused": {
    title: "该地址不可用",
    sentence: "为本机选择的地址已被集线器或其他设备使用，或者不在该网络的子网内。",
    next: "请清除所选地址以使用网络分配的地址，或选择其他地址。",
  },
  "link.refused": {
    title: "无法配置网络接口",
    sentence: "内核拒绝了该接口的地址或其他设置。",
    next: "请检查网络的地址、MAC 和 MTU。",
  },

  "interface.changed": {
    title: "网络接口被其他程序修改",
    sentence: "该接口已被其他程序或用户修改，目前无法恢复。",
    next: "请让其他程序不再管理此接口：sudo laneway service install",
  },
  "interface.overlap": {
    title: "网络地址段冲突",
    sentence: "本机的另一个接口使用相同的地址段，因此部分机器无法访问。",
    next: "请换用其他局域网，或请管理员更换该网络的子网。",
  },
  "relay.unreachable": {
    title: "无法连接中继",
    sentence: "中继没有响应，或本机已离线。",
    next: "请检查本机的网络连接；Laneway 会持续重试。",
  },
  "relay.away": {
    title: "中继暂时不可用",
    sentence: "中继正在重启，或负载过高。",
    next: "请稍候，Laneway 会自动重新连接。",
  },
  "relay.not-a-relay": {
    title: "该地址不是 Laneway 中继",
    sentence: "该地址上是其他服务器，或途中的代理阻断了 WebSocket。",
    next: "请检查地址，或联系中继的运营者。",
  },
  "relay.websocket-blocked": {
    title: "代理阻断了隧道",
    sentence: "中继有响应，但途中的代理阻断了 WebSocket。",
    next: "请联系中继的运营者或代理的管理员；详情中列出了代理移除的内容。",
  },
  "relay.login": {
    title: "中继前置代理要求登录",
    sentence: "中继前面的代理要求用户名和密码。",
    next: "请将用户名和密码写入中继地址：https://用户:密码@relay.example。",
  },
  "proxy.login": {
    title: "代理要求登录",
    sentence: "HTTP 代理不接受现有的用户名和密码，或未收到用户名和密码。",
    next: "请在“设置”中更正代理地址。",
  },
  "proxy.forbidden": {
    title: "代理不允许连接中继",
    sentence: "HTTP 代理拒绝连接到中继。",
    next: "请代理的管理员允许以 CONNECT 连接中继的地址和端口。",
  },
  "proxy.failed": {
    title: "代理无法连接中继",
    sentence: "HTTP 代理未能连接到中继。",
    next: "请检查中继是否正在运行；Laneway 会自动重试。",
  },
  "proxy.unreachable": {
    title: "代理没有响应",
    sentence: "无法连接 HTTP 代理。",
    next: "请在“设置”中检查代理地址；Laneway 会自动重试。",
  },
  "relay.certificate": {
    title: "中继的证书不受信任",
    sentence: "证书已过期、与域名不符，或由未知的颁发机构签发。",
    next: "请检查本机的时钟，然后联系中继的运营者。",
  },
  "relay.refused-value": {
    title: "未采用中继下发的某个值",
    sentence: "该值超出允许范围，或与本机以其他方式访问的地址冲突。",
    next: "如需仍由该网络使用，请运行：laneway up NETWORK --allow-overlap",
  },
  "tunnel.closed-1009": {
    title: "中继与本机的消息大小限制不一致",
    sentence: "一方发送的消息超过了另一方的限制。",
    next: "请更新版本较旧的一方。",
  },
  "tunnel.closed-4001": {
    title: "中继不再允许本机接入",
    sentence: "本机已被移出网络，或访问权限已过期。",
    next: "请用新的邀请重新加入。",
  },
  "tunnel.closed-4002": {
    title: "中继无法解析本机的消息",
    sentence: "中继收到了不符合协议的内容。",
    next: "请更新两端的 Laneway；如问题仍然存在，请提交报告。",
  },
  "tunnel.closed-4003": {
    title: "访问权限已被撤销",
    sentence: "管理员已将本机移出网络。",
    next: "请联系管理员，并用新的邀请重新加入。",
  },
  "tunnel.closed-4004": {
    title: "中继的协议版本不同",
    sentence: "中继与本机没有共同的协议版本。",
    next: "请更新版本较旧的一方。",
  },
  "tunnel.closed-4009": {
    title: "另一台机器取代了本机",
    sentence: "它使用了相同的密钥，例如它是本机的副本。",
    next: "请在其中一台机器上退出网络，再用新的邀请加入。",
  },

  "network.unknown": {
    title: "网络不存在",
    sentence: "本机不是该网络的成员，或网络已被删除。",
    next: "请检查名称，或用邀请加入。",
  },
  "network.ambiguous": {
    title: "存在多个同名网络",
    sentence: "仅凭名称无法确定网络。",
    next: "请从列表中选择。",
  },
  "network.none": {
    title: "没有可加入的网络",
    sentence: "邀请有效，但目前未授权任何网络。",
    next: "请联系发送者。",
  },
  "network.refused": {
    title: "中继拒绝了该网络",
    sentence: "中继认识本机，但不允许本机使用此网络。",
    next: "请联系网络管理员。",
  },
  "network.changed": {
    title: "网络已被重新创建",
    sentence: "本机加入后，该网络被删除并重新创建。",
    next: "请关闭该网络，然后重新打开。",
  },
  "network.not-up": {
    title: "网络未连接",
    sentence: "此操作需要网络处于连接状态。",
    next: "请打开网络后重试。",
  },
  "peer.unknown": {
    title: "成员不存在",
    sentence: "该成员已离开网络。",
    next: "请选择其他成员。",
  },
  "peer.offline": {
    title: "成员离线",
    sentence: "此操作需要该成员在线。",
    next: "请唤醒该成员，或等它上线后重试。",
  },
  "peer.no-answer": {
    title: "成员没有响应",
    sentence: "该成员在线，但未及时响应。",
    next: "请检查其防火墙是否放行 Laneway 的接口，然后重试。",
  },

  "usage.invite": {
    title: "邀请无效",
    sentence: "邀请是形如 https://relay.example/join#v1.… 或 laneway://… 的链接。",
    next: "请复制完整的链接，然后重新粘贴。",
  },
  "invite.refused": {
    title: "中继无法识别此邀请",
    sentence: "链接可能不完整，或属于其他中继。",
    next: `请检查链接是否完整。${askForInvite}`,
  },
  "invite.expired": {
    title: "邀请已过期",
    sentence: "邀请已过有效期。",
    next: askForInvite,
  },
  "invite.used-up": {
    title: "邀请的使用次数已用完",
    sentence: "通过此邀请加入的机器数已达上限。",
    next: askForInvite,
  },
  "invite.revoked": {
    title: "邀请已被撤销",
    sentence: "管理员撤销了此邀请。",
    next: askForInvite,
  },
  "enrol.bad-proof": {
    title: "中继无法验证本机的密钥",
    sentence: "中继使用的地址与链接中的地址不同。",
    next: "请中继的运营者用 --public-url 设置正确的地址。",
  },
  "enrol.bad-key": {
    title: "中继拒绝了本机的密钥",
    sentence: "密钥属于另一台机器，或已损坏。",
    next: "请退出该中继的网络，然后重新加入。",
  },
  "enrol.device-revoked": {
    title: "本机已被移除",
    sentence: "管理员移除了本机，无法用此邀请重新加入。",
    next: askForInvite,
  },
  "limit.devices": {
    title: "中继的机器数已满",
    sentence: "机器数已达上限。",
    next: "请运营者移除不再使用的机器，或提高上限。",
  },
  "limit.network-devices": {
    title: "网络的机器数已满",
    sentence: "机器数已达上限。",
    next: "请管理员移除不再使用的机器，或提高上限。",
  },
  "rate.limited": {
    title: "尝试次数过多",
    sentence: "由于凭据错误，中继暂时限制了您的地址。",
    next: "请等待几分钟后再试。",
  },
  "request.invalid": {
    title: "中继拒绝了某个值",
    sentence: "其中一个值无效。",
    next: "请更正后重试。",
  },

  "admin.no-token": {
    title: "需要管理员令牌",
    sentence: "本机没有该中继的令牌。",
    next: "请添加中继运营者提供的令牌。",
  },
  "admin.refused": {
    title: "中继拒绝了令牌",
    sentence: "它不是管理员令牌，或已被撤销。",
    next: "请检查令牌是否完整，或向运营者索取新的令牌。",
  },
  "admin.forbidden": {
    title: "令牌权限不足",
    sentence: "该令牌属于其他租户，或只能管理中继的一部分。",
    next: "请使用该租户的令牌，或联系运营者。",
  },

  "usage.cidr": {
    title: "地址范围格式不正确",
    sentence: "正确的写法如 10.20.0.0/24。",
    next: "请更正后重试。",
  },
  "usage.mac": {
    title: "MAC 地址格式不正确",
    sentence: "正确的写法如 02:00:5e:00:53:01。",
    next: "请更正后重试。",
  },
  "usage.proxy": {
    title: "代理地址格式不正确",
    sentence: "正确的写法如 http://主机:端口 或 http://用户:密码@主机:端口。",
    next: "请更正后重试。",
  },
  "usage.ca": {
    title: "文件中没有证书",
    sentence: "颁发机构的证书须为 PEM 格式。",
    next: "请选择其他文件后重试。",
  },
  "usage.relay": {
    title: "中继地址格式不正确",
    sentence: "地址以 https:// 或 http:// 开头。",
    next: "请更正后重试。",
  },
};
