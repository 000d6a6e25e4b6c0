/** Shapes that all endpoints share. Names and types are MediaMTX's. */
import { z } from "zod";

/** RFC 3339 with the offset of this machine. */
export const time: z.ZodString = z.string().meta({ format: "date-time" });
/** Counters. */
export const count: z.ZodNumber = z.number().int().min(0);
/** UUID in small letters. */
export const uuid: z.ZodString = z.string().meta({ format: "uuid" });

/** Everything went well. */
export const okSchema = z.object({ status: z.literal("ok") });
/** Nothing did. */
export const errorSchema = z.object({ status: z.literal("error"), error: z.string() });

/** One page of a list. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ itemCount: count, pageCount: count, items: z.array(item) });
}

/** A field that newer ones have replaced. */
export function deprecated<T extends z.ZodType>(schema: T, by: string): T {
  return schema.meta({ deprecated: true, description: `Use ${by}.` });
}

/** The server itself. */
export const infoSchema = z.object({ version: z.string(), started: time });
