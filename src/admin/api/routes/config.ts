/** Reading and changing the configuration. A change is answered when it is in effect. */
import { z } from "zod";
import {
  globalJsonSchema,
  pathJsonSchema,
  shownGlobals,
  shownOverlay,
  shownPath,
} from "../../../conf/mod.ts";
import { ApiError } from "../failure.ts";
import { pageOf } from "../pages.ts";
import type { ApiCall, ApiRoute, NamedSchema } from "../route.ts";
import { ok, okAnswer, pageParameters } from "./shared.ts";

const globalConf: NamedSchema = { name: "GlobalConf", json: globalJsonSchema() };
const pathConf: NamedSchema = { name: "PathConf", json: pathJsonSchema() };
const pathConfList: NamedSchema = {
  name: "PathConfList",
  json: {
    type: "object",
    required: ["itemCount", "pageCount", "items"],
    properties: {
      itemCount: { type: "integer" },
      pageCount: { type: "integer" },
      items: { type: "array", items: { $ref: "#/components/schemas/PathConf" } },
    },
  },
};
const overlay: NamedSchema = {
  name: "Overlay",
  zod: z.object({
    file: z.string().nullable().meta({ description: "Where changes are kept; null when they are not." }),
    changes: z.object({
      global: z.record(z.string(), z.unknown()),
      pathDefaults: z.record(z.string(), z.unknown()),
      paths: z.record(
        z.string(),
        z.object({
          action: z.enum(["patch", "replace", "delete"]),
          values: z.record(z.string(), z.unknown()).optional(),
        }),
      ),
    }),
  }),
};
const tag = "Configuration";

function nameOf(call: ApiCall): string {
  if (call.target === "") throw new ApiError(400, "invalid name");
  return call.target;
}

/** The rows. */
export const configRoutes: readonly ApiRoute[] = [
  {
    method: "GET",
    path: "/v3/config/global/get",
    id: "configGlobalGet",
    tag,
    summary: "Global keys in use",
    answer: globalConf,
    failures: [],
    handle: ({ sources }) => shownGlobals(sources.conf.conf),
  },
  {
    method: "PATCH",
    path: "/v3/config/global/patch",
    id: "configGlobalSet",
    tag,
    summary: "Change global keys",
    body: globalConf,
    answer: ok,
    failures: [400],
    handle: async ({ sources, body }) => {
      await sources.conf.edit({ kind: "patchGlobal", values: await body() });
      return okAnswer;
    },
  },
  {
    method: "GET",
    path: "/v3/config/pathdefaults/get",
    id: "configPathDefaultsGet",
    tag,
    summary: "What paths start from",
    answer: pathConf,
    failures: [],
    handle: ({ sources }) => shownPath(sources.conf.conf.pathDefaults),
  },
  {
    method: "PATCH",
    path: "/v3/config/pathdefaults/patch",
    id: "configPathDefaultsPatch",
    tag,
    summary: "Change what paths start from",
    body: pathConf,
    answer: ok,
    failures: [400],
    handle: async ({ sources, body }) => {
      await sources.conf.edit({ kind: "patchPathDefaults", values: await body() });
      return okAnswer;
    },
  },
  {
    method: "GET",
    path: "/v3/config/paths/list",
    id: "configPathsList",
    tag,
    summary: "Entries of paths, with what they inherit",
    query: pageParameters,
    answer: pathConfList,
    failures: [400],
    handle: ({ sources, query }) => {
      const { paths } = sources.conf.conf;
      const page = pageOf([...paths.keys()].sort(), query);
      return { ...page, items: page.items.map((name) => shownPath(paths.get(name)!)) };
    },
  },
  {
    method: "GET",
    path: "/v3/config/paths/get/{name}",
    id: "configPathsGet",
    tag,
    summary: "One entry, with what it inherits",
    answer: pathConf,
    failures: [400, 404],
    handle: (call) => {
      const found = call.sources.conf.conf.paths.get(nameOf(call));
      if (found === undefined) throw new ApiError(404, "path configuration not found");
      return shownPath(found);
    },
  },
  {
    method: "POST",
    path: "/v3/config/paths/add/{name}",
    id: "configPathsAdd",
    tag,
    summary: "Add an entry",
    body: pathConf,
    answer: ok,
    failures: [400],
    handle: async (call) => {
      await call.sources.conf.edit({ kind: "addPath", name: nameOf(call), values: await call.body() });
      return okAnswer;
    },
  },
  {
    method: "PATCH",
    path: "/v3/config/paths/patch/{name}",
    id: "configPathsPatch",
    tag,
    summary: "Change keys of an entry",
    body: pathConf,
    answer: ok,
    failures: [400, 404],
    handle: async (call) => {
      await call.sources.conf.edit({ kind: "patchPath", name: nameOf(call), values: await call.body() });
      return okAnswer;
    },
  },
  {
    method: "POST",
    path: "/v3/config/paths/replace/{name}",
    id: "configPathsReplace",
    tag,
    summary: "Replace an entry, or add it",
    body: pathConf,
    answer: ok,
    failures: [400],
    handle: async (call) => {
      await call.sources.conf.edit({ kind: "replacePath", name: nameOf(call), values: await call.body() });
      return okAnswer;
    },
  },
  {
    method: "DELETE",
    path: "/v3/config/paths/delete/{name}",
    id: "configPathsDelete",
    tag,
    summary: "Remove an entry",
    answer: ok,
    failures: [400, 404],
    handle: async (call) => {
      await call.sources.conf.edit({ kind: "deletePath", name: nameOf(call) });
      return okAnswer;
    },
  },
  {
    method: "GET",
    path: "/v3/config/overlay",
    id: "configOverlayGet",
    tag,
    summary: "What the API has changed since the file was loaded",
    answer: overlay,
    failures: [],
    handle: ({ sources: { conf } }) => ({
      file: conf.overlayFile ?? null,
      changes: shownOverlay(conf.overlay),
    }),
  },
  {
    method: "DELETE",
    path: "/v3/config/overlay",
    id: "configOverlayDelete",
    tag,
    summary: "Take back everything the API has changed",
    answer: ok,
    failures: [400],
    handle: async ({ sources }) => {
      await sources.conf.edit({ kind: "reset" });
      return okAnswer;
    },
  },
];
