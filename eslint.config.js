import js from "@eslint/js";
import tseslint from "typescript-eslint";

const GENERATED = ["lib/shapes/generated/*.ts"];

export default tseslint.config(
  {
    ignores: ["dist/", "node_modules/", ".tap/", ".build/", "artifacts/**", "coverage/**"],
  },
  // Read by nobody, and no rule holds there: ignored, ESLint would warn of each that is named among files that changed.
  { files: GENERATED, languageOptions: { parser: tseslint.parser } },
  { ...js.configs.recommended, ignores: GENERATED },
  {
    files: ["**/*.ts"],
    ignores: GENERATED,
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { project: "./tsconfig.json" } },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "@typescript-eslint/consistent-type-imports": "error",
      // What is imported for its types alone is not loaded.
      "@typescript-eslint/no-import-type-side-effects": "error",
      "@typescript-eslint/prefer-readonly": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "@typescript-eslint/require-await": "off",
      "no-console": "error",
      "max-lines": ["error", { max: 300 }],
      "max-params": ["error", 4],
    },
  },
  {
    files: ["test/**/*.ts", "bench/**/*.ts"],
    rules: {
      "max-lines": "off",
      "no-console": "off",
      "@typescript-eslint/no-floating-promises": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-call": "off",
    },
  },
  {
    files: ["**/*.js"],
    languageOptions: {
      globals: Object.fromEntries(
        ["process", "console", "URL", "performance", "setTimeout", "clearTimeout"].map((name) => [
          name,
          "readonly",
        ]),
      ),
    },
  },
);
