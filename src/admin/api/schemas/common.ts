/** Shapes of all answers. */
import { z } from "zod";
import { count, time } from "../../clients/mod.ts";

/** Everything went well. */
export const okSchema = z.object({ status: z.literal("ok") });
/** Nothing did. */
export const errorSchema = z.object({ status: z.literal("error"), error: z.string() });

/** One page of a list. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ itemCount: count, pageCount: count, items: z.array(item) });
}

/** The server itself. */
export const infoSchema = z.object({ version: z.string(), started: time });
