/** Our own lint rules. Loaded by `deno lint` and by editors; each has a bad example in test/scripts/lint_test.ts. */
import { dependencyRule } from "./dependency_rule.ts";
import { functionSizeRule } from "./function_size_rule.ts";
import { foreignCallRule, systemAccessRule } from "./system_access_rule.ts";

const plugin: Deno.lint.Plugin = {
  name: "house",
  rules: {
    dependencies: dependencyRule,
    "function-size": functionSizeRule,
    "system-access": systemAccessRule,
    "foreign-calls": foreignCallRule,
  },
};

export default plugin;
