/** Shapes that all endpoints share. Names and types are MediaMTX's. */
import { z } from "zod";

/** RFC 3339 with the offset of this machine. */
export const time: z.ZodString = z.string().meta({ format: "date-time" });
/** Counters. */
export const count: z.ZodNumber = z.number().int().min(0);
/** UUID in small letters. */
export const uuid: z.ZodString = z.string().meta({ format: "uuid" });

/** A field that newer ones have replaced. */
export function deprecated<T extends z.ZodType>(schema: T, by: string): T {
  return schema.meta({ deprecated: true, description: `Use ${by}.` });
}
