/** Words of both user interfaces in English. */
export const common = {
  cancel: "Cancel",
  copy: "Copy",
  copied: "Copied",
  tryAgain: "Try again",
  loading: "Loading…",
  showMore: "Show more",
  shownOf: (shown: string, all: string) => `${shown} of ${all} shown`,
};
