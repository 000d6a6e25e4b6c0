/** Pulls of `rtsp://`, `rtsps://` and their tunnels. The stream keeps the packets as they came. */
import { ParseError, UserError } from "../../base/errors.ts";
import type { Pull } from "../../paths/mod.ts";
import { Authorizer } from "./client/authorizer.ts";
import type { DeliveryKind } from "./client/delivery.ts";
import { Player } from "./client/player.ts";
import { parseRtspUrl, type RtspUrl } from "./wire/url.ts";

/** More in a row are a circle. */
const maxRedirects = 5;

/** `rtsp://` and `rtsps://`, also through tunnels: connects once. */
export async function pullRtsp(pull: Pull): Promise<void> {
  const first = readUrl(pull.url);
  const { user, password = "" } = first;
  const credentials = user === undefined ? null : { user, password };
  let url = first;
  let kind = firstKind(pull, url);
  const mayFallBack = pull.pathConf.rtspTransport === "automatic";
  for (let redirects = 0; redirects <= maxRedirects;) {
    // A server elsewhere gets proof that we know the password, never the password.
    const trusted = url.host === first.host && url.scheme === first.scheme;
    const authorizer = new Authorizer(credentials, trusted);
    const outcome = await new Player({ pull, url, authorizer, kind, mayFallBack }).play();
    if (pull.signal.aborted) return;
    switch (outcome.kind) {
      case "ended":
        return;
      case "tcp":
        pull.logger.warn(outcome.reason);
        kind = "tcp";
        break;
      case "redirect":
        redirects++;
        url = outcome.url;
        if (url.scheme === "rtsps") kind = firstKind(pull, url);
    }
  }
  throw new UserError(`more than ${maxRedirects} redirects`);
}

function readUrl(text: string): RtspUrl {
  try {
    return parseRtspUrl(text);
  } catch (error) {
    // The field and the reason: the text may hold a password.
    if (error instanceof ParseError) throw new UserError(`invalid URL: ${error.field}`);
    throw error;
  }
}

/** What is tried first. */
function firstKind({ pathConf: { rtspTransport } }: Pull, { scheme, tunnel }: RtspUrl): DeliveryKind {
  // Only TLS encrypts the media, and only the connection itself goes through a tunnel.
  const needsTcp = scheme === "rtsps" ? "RTSPS" : tunnel !== undefined ? "a tunnel" : null;
  if (rtspTransport === "automatic") return needsTcp === null ? "udp" : "tcp";
  if (rtspTransport !== "tcp" && needsTcp !== null) {
    throw new UserError(`rtspTransport: ${rtspTransport} is not possible over ${needsTcp}`);
  }
  return rtspTransport;
}
