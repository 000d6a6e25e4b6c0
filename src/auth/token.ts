import type { AuthRequest, Credentials } from "./contracts.ts";

/** Protocols whose clients have no other place for a token. */
const queryProtocols: ReadonlySet<AuthRequest["protocol"]> = new Set(["rtsp", "rtmp"]);
/** Null stands for playback and the servers for operators. */
const httpProtocols: ReadonlySet<AuthRequest["protocol"]> = new Set(["hls", "webrtc", null]);

/**
 * The token of a request, wherever it is: sent as such, else in the password, else in the query (`token`, then `jwt`):
 * always for RTSP and RTMP, for HTTP only when `inHttpQuery`. Empty when there is none.
 */
export function findToken(request: AuthRequest, inHttpQuery: boolean): string {
  const { credentials: { token, pass }, protocol, query } = request;
  if (token !== "") return token;
  if (pass !== "") return pass;
  if (!queryProtocols.has(protocol) && !(inHttpQuery && httpProtocols.has(protocol))) return "";
  const parameters = new URLSearchParams(query);
  return single(parameters, "token") || single(parameters, "jwt");
}

/** Which of two is meant cannot be known. */
function single(parameters: URLSearchParams, name: string): string {
  const values = parameters.getAll(name);
  return values.length === 1 ? values[0] : "";
}

/** Nothing was given: whoever can ask for it asks. */
export function areEmpty(credentials: Credentials, token: string): boolean {
  const { user, pass, verify } = credentials;
  return user === "" && pass === "" && token === "" && verify === undefined;
}
