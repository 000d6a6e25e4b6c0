/** What rows have in common. */
import { z } from "zod";
import { okSchema, pageOf } from "../schemas/common.ts";
import type { NamedSchema, QueryParameter } from "../route.ts";

/** The answer of what only acts. */
export const ok: NamedSchema = { name: "OK", zod: okSchema };
/** Its body. */
export const okAnswer = { status: "ok" } as const;

/** Of all lists. */
export const pageParameters: readonly QueryParameter[] = [
  {
    name: "page",
    schema: { type: "integer", minimum: 0, default: 0 },
    description: "Number of the page, from 0.",
  },
  {
    name: "itemsPerPage",
    schema: { type: "integer", minimum: 1, default: 100 },
    description: "Items on one page.",
  },
];

/** `PathList` for `Path`. */
export function listOf(name: string, item: z.ZodType): NamedSchema {
  return { name: `${name}List`, zod: pageOf(item) };
}
