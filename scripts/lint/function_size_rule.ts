import { relativePath } from "../repository.ts";

/** A function has fewer lines than this. */
export const functionLineLimit = 80;

/** Applies to everything but tests, whose bodies are tables. */
export const functionSizeRule: Deno.lint.Rule = {
  create(context) {
    if (/(^|\/)test\//.test(relativePath(context.filename))) return {};
    const check = (node: Deno.lint.Node) => {
      const lines = context.sourceCode.getText(node).split("\n").length;
      if (lines < functionLineLimit) return;
      const message = `a function of ${lines} lines: split it, ${functionLineLimit - 1} are allowed`;
      context.report({ node, message });
    };
    return {
      FunctionDeclaration: check,
      FunctionExpression: check,
      ArrowFunctionExpression: check,
    };
  },
};
