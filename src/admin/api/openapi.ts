/** The OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.0), made from the rows of the API. */
import { z } from "zod";
import { productName, productVersion } from "../../base/product.ts";
import type { JsonSchema } from "../../conf/mod.ts";
import type { ApiRoute, NamedSchema } from "./route.ts";
import { errorSchema } from "./schemas/common.ts";

const failureTexts: Readonly<Record<number, string>> = {
  400: "The request is wrong; the answer says what.",
  401: "Credentials are missing or wrong.",
  404: "There is no such thing.",
  408: "The body took too long.",
  413: "The body is too large.",
  500: "The server could not do it.",
  503: "There are too many already.",
};

/** The document. */
export function openApiDocument(routes: readonly ApiRoute[]): JsonSchema {
  const schemas: Record<string, JsonSchema> = { Error: jsonSchema({ name: "Error", zod: errorSchema }) };
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    for (const named of [route.body, route.answer]) {
      if (named !== undefined) schemas[named.name] = jsonSchema(named);
    }
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: `${productName} control API`,
      version: productVersion,
      description:
        "Compatible with MediaMTX's. Secrets are shown as `<redacted>`; sent back, that means unchanged.",
      license: { name: "MIT", identifier: "MIT" },
    },
    security: [{}, { basic: [] }, { bearer: [] }],
    paths,
    components: {
      schemas,
      securitySchemes: {
        basic: { type: "http", scheme: "basic" },
        bearer: { type: "http", scheme: "bearer" },
      },
    },
  };
}

function jsonSchema(named: NamedSchema): JsonSchema {
  if ("json" in named) return named.json;
  const { $schema: _, ...schema } = z.toJSONSchema(named.zod, { io: "output" });
  return schema;
}

function operation(route: ApiRoute): JsonSchema {
  const target = /\{(\w+)\}/.exec(route.path)?.[1];
  const parameters: unknown[] = (route.query ?? []).map((each) => ({ ...each, in: "query" }));
  if (target !== undefined) {
    parameters.push({
      name: target,
      in: "path",
      required: true,
      description: target === "name" ? "Name of the path; slashes need not be escaped." : "UUID.",
      schema: { type: "string", ...(target === "id" ? { format: "uuid" } : {}) },
    });
  }
  const failures = [...route.failures, 401, 500, ...(route.body === undefined ? [] : [408, 413])].sort();
  return {
    operationId: route.id,
    tags: [route.tag],
    summary: route.summary,
    parameters,
    ...(route.body === undefined
      ? {}
      : { requestBody: { required: true, content: content(route.body.name) } }),
    responses: {
      200: {
        description: "It is done, or here it is.",
        content: content(route.answer.name, route.contentType),
      },
      ...Object.fromEntries(
        failures.map((status) => [status, { description: failureTexts[status], content: content("Error") }]),
      ),
    },
  };
}

function content(name: string, type = "application/json"): JsonSchema {
  return { [type]: { schema: { $ref: `#/components/schemas/${name}` } } };
}
