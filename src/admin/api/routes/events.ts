/** What happens, while it happens. */
import { type EventType, eventTypes } from "../../../conf/mod.ts";
import { ApiError } from "../failure.ts";
import type { ApiCall, ApiRoute } from "../route.ts";

/** The rows. */
export const eventRoutes: readonly ApiRoute[] = [
  {
    method: "GET",
    path: "/v3/events",
    id: "events",
    tag: "General",
    summary: "Events as they happen, as server-sent events; Last-Event-ID resumes",
    query: [
      {
        name: "type",
        schema: { type: "array", items: { type: "string", enum: [...eventTypes] } },
        description: "Only events of this type; may be given several times.",
      },
      {
        name: "lastEventId",
        schema: { type: "string" },
        description: "In place of the header Last-Event-ID: the id of the last event that was seen.",
      },
    ],
    contentType: "text/event-stream",
    answer: { name: "EventStream", json: { type: "string", description: "Fields id, event and data." } },
    failures: [400, 404, 503],
    handle: (call) => {
      const { events } = call.sources;
      if (events === undefined) throw new ApiError(404, "there is no event stream");
      const after = call.headers.get("last-event-id") ?? call.query.get("lastEventId");
      const body = events.listen({ types: typesOf(call), after, expiresAt: call.expiresAt });
      if (body === null) throw new ApiError(503, "too many listeners");
      return new Response(body, {
        headers: {
          "content-type": "text/event-stream",
          "cache-control": "no-store",
          "x-accel-buffering": "no",
        },
      });
    },
  },
];

function typesOf({ query }: ApiCall): ReadonlySet<EventType> {
  const types = new Set<EventType>();
  for (const name of query.getAll("type").flatMap((text) => text.split(","))) {
    if (!isEventType(name)) {
      throw new ApiError(400, `invalid type: ${JSON.stringify(name.slice(0, 40))} is no event`);
    }
    types.add(name);
  }
  return types;
}

function isEventType(name: string): name is EventType {
  return (eventTypes as readonly string[]).includes(name);
}
