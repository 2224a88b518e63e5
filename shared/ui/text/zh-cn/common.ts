import type { Catalogue } from "../catalogue.ts";
import type { common as english } from "../en/common.ts";

/** Words of both user interfaces in Simplified Chinese. */
export const common: Catalogue<typeof english> = {
  cancel: "取消",
  copy: "复制",
  copied: "已复制",
  tryAgain: "重试",
  loading: "正在加载…",
  showMore: "显示更多",
  goodFor: "有效期",
  newInvite: "新建邀请",
  inviteLink: "邀请链接",
  inviteUses: "可加入的设备数",
  inviteOnce: "请立即复制链接，它只显示这一次。任何得到它的人都能加入，请通过私密渠道发送。",
  shownOf: (shown, all) => `显示 ${shown} / ${all}`,
};
