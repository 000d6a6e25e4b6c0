import { importProblem } from "../check/dependencies.ts";
import { relativePath } from "../repository.ts";

/** Applies the dependency rule to imports of every form, those of types included. */
export const dependencyRule: Deno.lint.Rule = {
  create(context) {
    const from = relativePath(context.filename);
    const check = (node: Deno.lint.Node, source: Deno.lint.Node | null | undefined) => {
      if (source?.type !== "Literal" || typeof source.value !== "string") return;
      const problem = importProblem(from, source.value);
      if (problem !== undefined) context.report({ node, message: problem });
    };
    return {
      ImportDeclaration: (node) => check(node, node.source),
      ExportNamedDeclaration: (node) => check(node, node.source),
      ExportAllDeclaration: (node) => check(node, node.source),
      ImportExpression: (node) => check(node, node.source),
      // `import("./x.ts").T` in a type: the argument is not in the tree, only in the text.
      TSImportType(node) {
        const specifier = context.sourceCode.getText(node).match(
          /^(?:typeof\s+)?import\(\s*["']([^"']+)["']/,
        );
        const problem = specifier === null ? undefined : importProblem(from, specifier[1]);
        if (problem !== undefined) context.report({ node, message: problem });
      },
    };
  },
};
