/** Pages of lists. */
import { ApiError } from "./failure.ts";

const defaultItems = 100;
const maxNumber = 2 ** 31 - 1;

/** One page and how many there are. */
export interface Page<Item> {
  readonly itemCount: number;
  readonly pageCount: number;
  readonly items: readonly Item[];
}

/** The page that `page` (from 0) and `itemsPerPage` ask for. Throws ApiError. */
export function pageOf<Item>(items: readonly Item[], query: URLSearchParams): Page<Item> {
  const perPage = numberOf(query, "itemsPerPage", defaultItems);
  if (perPage === 0) throw new ApiError(400, "invalid items per page");
  const page = numberOf(query, "page", 0);
  return {
    itemCount: items.length,
    pageCount: Math.ceil(items.length / perPage),
    items: items.slice(page * perPage, (page + 1) * perPage),
  };
}

function numberOf(query: URLSearchParams, name: string, fallback: number): number {
  const text = query.get(name) ?? "";
  if (text === "") return fallback;
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Infinity;
  if (value > maxNumber) {
    throw new ApiError(400, `invalid ${name}: ${JSON.stringify(text.slice(0, 40))} is no number`);
  }
  return value;
}
