import { z } from "zod";
import { type Notice, notice } from "../../../shared/api/resources/notice.ts";
import { unknown } from "../../model/faults.ts";
import type { TenantNotice } from "../../tenants/notices.ts";
import { isoTime } from "../kernel/iso-time.ts";
import type { Operation } from "../kernel/operation.ts";
import { compareTexts, listOperation, type Order, partOf } from "../kernel/paging.ts";
import type { TenantsApiOptions } from "../resources/tenants.ts";

type Key = readonly [number, string];

/** Newest first. */
const order: Order<TenantNotice, Key> = {
  schema: z.tuple([z.number(), z.string()]),
  of: ({ lastAt, code, network }) => [lastAt, `${code} ${network ?? ""}`],
};

/** Returns the operations on a tenant's notices: limits that were reached, and what the hub noticed. */
export function noticeOperations({ tenants }: TenantsApiOptions): Operation[] {
  return [
    listOperation({
      id: "listNotices",
      tag: "notices",
      summary: "List a tenant's notices",
      description:
        "Repeated notices are merged, and the newest comes first. The relay forgets them when it stops.",
      path: "/v1/tenants/{tenant}/notices",
      row: notice,
      order,
      rows({ params: { tenant } }, part) {
        if (!tenants.has(tenant)) throw unknown("tenant", tenant);
        return partOf(tenants.notices.of(tenant), order.of, newestFirst, part);
      },
      show: noticeJson,
    }),
  ];
}

function newestFirst([at, text]: Key, [otherAt, otherText]: Key): number {
  return otherAt - at || compareTexts(text, otherText);
}

function noticeJson(one: TenantNotice): Notice {
  const { code, network, message, hint, firstAt, lastAt, count } = one;
  return {
    code,
    network: network ?? null,
    message,
    hint,
    first_at: isoTime(firstAt),
    last_at: isoTime(lastAt),
    count,
  };
}
