/** The app's texts outside its window: tray, notifications, dialogs. The window has its own catalogue. */
import type { AppSettings } from "../rpc/bridge.ts";

const english = {
  open: "Open Laneway",
  quit: "Quit (networks stay connected)",
  settings: "Settings…",
  noNetworks: "No networks yet",
  agentAway: "The Laneway service is not running",
  states: {
    down: "off",
    connecting: "connecting",
    up: "on",
    reconnecting: "reconnecting",
    failed: "failed",
  },
  networkLine: (network: string, state: string, members: number) =>
    members === 0 ? `${network}: ${state}` : `${network}: ${state}, ${members} online`,
  networkLost: (network: string) => `${network}: the relay is unreachable`,
  networkLostDetail: "Laneway keeps trying, and tells you when it is back.",
  networkBack: (network: string) => `${network} is back`,
  networkUp: (network: string) => `${network} is connected`,
  networkFailed: (network: string) => `${network} could not be connected`,
  memberOnline: (member: string) => `${member} is online`,
  memberOffline: (member: string) => `${member} is offline`,
  closeTitle: "Close the window?",
  closeMessage: "Your networks stay connected when the window closes.",
  closeDetail:
    "The Laneway service keeps them up until you turn them off, whether the app stays in the tray or quits. To disconnect, turn a network off first. To see the window again, start Laneway.",
  closeToTray: "Keep in the tray",
  closeQuit: "Quit the app",
  cancel: "Cancel",
  saveCapture: "Save the capture",
  captureFiles: "Packet capture",
};

export type Words = typeof english;

const chinese: Words = {
  open: "打开 Laneway",
  quit: "退出（网络保持连接）",
  settings: "设置…",
  noNetworks: "还没有网络",
  agentAway: "Laneway 服务未运行",
  states: {
    down: "已关闭",
    connecting: "正在连接",
    up: "已连接",
    reconnecting: "正在重连",
    failed: "失败",
  },
  networkLine: (network, state, members) =>
    members === 0 ? `${network}：${state}` : `${network}：${state}，${members} 台在线`,
  networkLost: (network) => `${network}：无法连接中继`,
  networkLostDetail: "Laneway 会继续尝试，恢复后会通知您。",
  networkBack: (network) => `${network} 已恢复`,
  networkUp: (network) => `${network} 已连接`,
  networkFailed: (network) => `无法连接 ${network}`,
  memberOnline: (member) => `${member} 已上线`,
  memberOffline: (member) => `${member} 已离线`,
  closeTitle: "关闭窗口？",
  closeMessage: "关闭窗口后，您的网络保持连接。",
  closeDetail:
    "无论应用留在托盘还是退出，Laneway 服务都会保持网络连接，直到您将其关闭。如需断开，请先关闭网络。再次启动 Laneway 即可重新打开窗口。",
  closeToTray: "留在托盘",
  closeQuit: "退出应用",
  cancel: "取消",
  saveCapture: "保存抓包",
  captureFiles: "抓包文件",
};

/** @param locale the desktop's language, BCP 47 */
export function wordsFor(language: AppSettings["language"], locale: string): Words {
  const chosen = language === "system" ? locale : language;
  return chosen.toLowerCase().startsWith("zh") ? chinese : english;
}
