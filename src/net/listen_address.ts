/** Addresses to listen on, as the configuration writes them. */
import { ParseError, UserError } from "../base/errors.ts";

/** `hostname` is empty for every address, IPv4 and IPv6. */
export interface ListenAddress {
  readonly hostname: string;
  readonly port: number;
}

/** Somebody else listens there, perhaps this process. */
export class AddressInUseError extends UserError {
  override readonly name = "AddressInUseError";

  constructor(message: string, readonly port: number) {
    super(message);
  }
}

/** `:8554`, `0.0.0.0:8554`, `[::1]:8554`, `localhost:8554`. Throws ParseError. */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  if (match === null) throw new ParseError("address", `'${text}' is not of the form host:port`);
  const port = Number(match[3]);
  if (port > 65535) throw new ParseError("address", `'${text}' has a port over 65535`);
  return { hostname: match[1] ?? match[2], port };
}

/** The form of the configuration, for logs. */
export function listenAddressText(address: ListenAddress): string {
  return address.hostname.includes(":")
    ? `[${address.hostname}]:${address.port}`
    : `${address.hostname}:${address.port}`;
}

/**
 * Calls `listen` with a host name the system understands. "Every address" is the dual-stack `::`, or `0.0.0.0` where
 * IPv6 is switched off. Failures become one sentence: `listen tcp :8554: address already in use`.
 */
export function listenOn<T>(protocol: string, address: ListenAddress, listen: (hostname: string) => T): T {
  try {
    return listen(address.hostname === "" ? "::" : address.hostname);
  } catch (error) {
    const occupied = error instanceof Deno.errors.AddrInUse;
    if (address.hostname === "" && !occupied && !(error instanceof Deno.errors.PermissionDenied)) {
      try {
        return listen("0.0.0.0");
      } catch {
        // The first error says more.
      }
    }
    const text = `listen ${protocol} ${listenAddressText(address)}: ${systemErrorText(error)}`;
    throw occupied ? new AddressInUseError(text, address.port) : new UserError(text);
  }
}

/** `Address already in use (os error 98)` → `address already in use`. */
export function systemErrorText(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const short = text.replace(/ \(os error \d+\)/, "");
  return short.charAt(0).toLowerCase() + short.slice(1);
}
