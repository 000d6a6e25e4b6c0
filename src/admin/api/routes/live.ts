/** The server itself, live paths, connections and sessions. */
import { productVersion } from "../../../base/product.ts";
import { clientAnswer, pathAnswer } from "../answers.ts";
import { type ClientKind, clientKinds, type ClientSource, unkickable } from "../../clients/mod.ts";
import { clientLiveSchema, hasLive } from "../../live/mod.ts";
import { ApiError } from "../failure.ts";
import { pageOf } from "../pages.ts";
import type { ApiCall, ApiRoute, NamedSchema } from "../route.ts";
import { infoSchema } from "../schemas/common.ts";
import { pathSchema } from "../schemas/paths.ts";
import { timeText } from "../time_text.ts";
import { listOf, ok, okAnswer, pageParameters } from "./shared.ts";

const live = clientLiveSchema.meta({ description: "Not in MediaMTX. Null in the first seconds." });
const uuidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const serverRoutes: readonly ApiRoute[] = [
  {
    method: "GET",
    path: "/v3/info",
    id: "info",
    tag: "General",
    summary: "Version and start of the server",
    answer: { name: "Info", zod: infoSchema },
    failures: [],
    handle: ({ sources }) => ({ version: productVersion, started: timeText(sources.started) }),
  },
  {
    method: "POST",
    path: "/v3/auth/jwks/refresh",
    id: "authJwksRefresh",
    tag: "Auth",
    summary: "Fetch the keys of JWTs anew for the next token",
    answer: ok,
    failures: [],
    handle: ({ sources }) => {
      sources.auth.refreshKeys();
      return okAnswer;
    },
  },
  {
    method: "GET",
    path: "/v3/paths/list",
    id: "pathsList",
    tag: "Paths",
    summary: "Live paths",
    query: pageParameters,
    answer: listOf("Path", pathSchema),
    failures: [400],
    handle: ({ sources, query }) => {
      const page = pageOf(sources.paths.list(), query);
      return { ...page, items: page.items.map((path) => pathAnswer(path, sources.live)) };
    },
  },
  {
    method: "GET",
    path: "/v3/paths/get/{name}",
    id: "pathsGet",
    tag: "Paths",
    summary: "One live path",
    answer: { name: "Path", zod: pathSchema },
    failures: [400, 404],
    handle: ({ sources, target }) => {
      if (target === "") throw new ApiError(400, "invalid name");
      const path = sources.paths.get(target);
      if (path === null) throw new ApiError(404, "path not found");
      return pathAnswer(path, sources.live);
    },
  },
];

/** A server that does not run has no routes, as in MediaMTX. */
function sourceOf({ sources }: ApiCall, kind: ClientKind): ClientSource<object> {
  const source = sources.clients()[kind];
  if (source === undefined) throw new ApiError(404, "the server of this protocol is not running");
  return source;
}

function idOf(target: string): string {
  if (!uuidPattern.test(target)) {
    throw new ApiError(400, `invalid UUID: ${JSON.stringify(target.slice(0, 40))}`);
  }
  return target.toLowerCase();
}

function clientRoutes(kind: ClientKind): ApiRoute[] {
  const { schema, name, noun, key } = clientKinds[kind];
  const fields = Object.keys(schema.shape);
  const shown = hasLive(kind) ? schema.extend({ live: live.nullable() }) : schema;
  const item: NamedSchema = { name, zod: shown };
  const answerOf = (snapshot: object, { sources }: ApiCall) => {
    const answer = clientAnswer(snapshot, fields);
    return hasLive(kind) ? { ...answer, live: sources.live.client(String(answer.id)) } : answer;
  };
  const tag = name.replace(/(Conn|Session|Muxer)$/, "");
  const place = key === "id" ? "{id}" : "{name}";
  const targetOf = (target: string) => key === "id" ? idOf(target) : target;
  const notFound = () => new ApiError(404, `${noun} not found`);
  const routes: ApiRoute[] = [
    {
      method: "GET",
      path: `/v3/${kind}/list`,
      id: `${kind}List`,
      tag,
      summary: `All ${noun}s`,
      query: pageParameters,
      answer: listOf(name, shown),
      failures: [400, 404],
      handle: (call) => {
        const page = pageOf(sourceOf(call, kind).list(), call.query);
        return { ...page, items: page.items.map((each) => answerOf(each, call)) };
      },
    },
    {
      method: "GET",
      path: `/v3/${kind}/get/${place}`,
      id: `${kind}Get`,
      tag,
      summary: `One ${noun}`,
      answer: item,
      failures: [400, 404],
      handle: (call) => {
        const source = sourceOf(call, kind);
        const wanted = targetOf(call.target);
        const found = source.list().find((each) =>
          (each as Readonly<Record<string, unknown>>)[key] === wanted
        );
        if (found === undefined) throw notFound();
        return answerOf(found, call);
      },
    },
  ];
  if (unkickable.has(kind)) return routes;
  routes.push({
    method: "POST",
    path: `/v3/${kind}/kick/${place}`,
    id: `${kind}Kick`,
    tag,
    summary: `Throw a ${noun} out`,
    answer: ok,
    failures: [400, 404],
    handle: (call) => {
      if (sourceOf(call, kind).kick?.(idOf(call.target)) !== true) throw notFound();
      return okAnswer;
    },
  });
  return routes;
}

/** The rows. */
export const liveRoutes: readonly ApiRoute[] = [
  ...serverRoutes,
  ...(Object.keys(clientKinds) as ClientKind[]).flatMap(clientRoutes),
];
