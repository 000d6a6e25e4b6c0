/** Answers that all HTTP servers give in the same form. */

/** What a browser shows in its question for user and password, and programs look at. */
const challenge = 'Basic realm="mediamtx"';

/** `{"status":"error","error":"<text>"}` */
export function errorAnswer(status: number, text: string, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify({ status: "error", error: text }), {
    status,
    headers: { "content-type": "application/json; charset=utf-8", ...headers },
  });
}

/** 401. With a challenge when no credentials were given, so that browsers ask for them. */
export function unauthorizedAnswer(asks: boolean): Response {
  const headers: Record<string, string> = { "cache-control": "no-store" };
  if (asks) headers["www-authenticate"] = challenge;
  return errorAnswer(401, "authentication error", headers);
}

/** 302 to a place on this server. */
export function redirectAnswer(location: string, headers: Record<string, string> = {}): Response {
  return new Response(null, {
    status: 302,
    headers: { location, "cache-control": "no-store", "content-length": "0", ...headers },
  });
}

/** No such route. Caches would keep a 404 by themselves (RFC 9110 §15.1), and what is not there may come. */
export function notFoundAnswer(): Response {
  return new Response("404 page not found", {
    status: 404,
    headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" },
  });
}
