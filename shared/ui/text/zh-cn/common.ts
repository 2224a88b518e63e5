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
  shownOf: (shown, all) => `显示 ${shown} / ${all}`,
};
