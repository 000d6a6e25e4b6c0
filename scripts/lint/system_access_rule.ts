import { isPure } from "../check/dependencies.ts";
import { relativePath } from "../repository.ts";

const timers = ["setTimeout", "setInterval", "setImmediate", "clearTimeout", "clearInterval"];
const systemNames = new Set(["Deno", "performance", "fetch", "WebSocket", "Worker", "console", ...timers]);

/** Lifetimes own timers, so that nobody else has to. */
const timerOwner = "src/base/scope.ts";

/** Keeps the system, the clock and timers out of the pure rooms: time comes in as an argument. */
export const systemAccessRule: Deno.lint.Rule = {
  create(context) {
    const path = relativePath(context.filename);
    if (!isPure(path)) return {};
    return {
      Identifier(node) {
        if (!systemNames.has(node.name) || isPropertyName(node)) return;
        if (path === timerOwner && timers.includes(node.name)) return;
        context.report({ node, message: `${node.name} is out of bounds here: ${path} touches no system` });
      },
      MemberExpression(node) {
        if (context.sourceCode.getText(node) !== "Date.now") return;
        context.report({ node, message: `no clock in ${path}: take the time as an argument` });
      },
      NewExpression(node) {
        const isDate = node.callee.type === "Identifier" && node.callee.name === "Date";
        if (!isDate || node.arguments.length > 0) return;
        context.report({ node, message: `no clock in ${path}: take the time as an argument` });
      },
    };
  },
};

function isPropertyName(node: Deno.lint.Identifier): boolean {
  const parent = node.parent;
  switch (parent.type) {
    case "MemberExpression":
      return !parent.computed && parent.property === node;
    case "Property":
    case "PropertyDefinition":
    case "MethodDefinition":
    case "TSPropertySignature":
    case "TSMethodSignature":
      return !parent.computed && parent.key === node;
    default:
      return false;
  }
}

const foreignCallFolder = "src/net/ffi/";

/** Foreign calls live in one folder, behind the same interface as the portable code. */
export const foreignCallRule: Deno.lint.Rule = {
  create(context) {
    const path = relativePath(context.filename);
    if (!path.startsWith("src/") || path.startsWith(foreignCallFolder)) return {};
    return {
      MemberExpression(node) {
        if (!/^Deno\.(dlopen|Unsafe\w+)$/.test(context.sourceCode.getText(node))) return;
        context.report({ node, message: `foreign calls belong into ${foreignCallFolder}` });
      },
    };
  },
};
