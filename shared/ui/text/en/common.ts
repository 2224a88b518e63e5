/** Words of both user interfaces in English. */
export const common = {
  cancel: "Cancel",
  copy: "Copy",
  copied: "Copied",
  tryAgain: "Try again",
  loading: "Loading…",
  showMore: "Show more",
  goodFor: "Good for",
  newInvite: "New invite",
  inviteLink: "Invite link",
  inviteUses: "Number of devices",
  inviteOnce:
    "Copy the link now. It is shown only once. Anyone who has it can join, so send it over a private channel.",
  shownOf: (shown: string, all: string) => `${shown} of ${all} shown`,
};
