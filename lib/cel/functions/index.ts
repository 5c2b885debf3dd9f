import { CONVERSIONS } from "./conversions.js";
import { FORMAT } from "./format.js";
import type { CelFunction } from "./function.js";
import { IPS } from "./ip.js";
import { LISTS } from "./lists.js";
import { OPTIONAL } from "./optional.js";
import { QUANTITIES } from "./quantity.js";
import { REGEX } from "./regex.js";
import { STRINGS } from "./strings.js";
import { TIME } from "./time.js";
import { URLS } from "./url.js";

/** Every function and method there is, apart from the macros. */
export const CEL_FUNCTIONS: readonly CelFunction[] = [
  ...CONVERSIONS,
  ...STRINGS,
  ...FORMAT,
  ...REGEX,
  ...LISTS,
  ...TIME,
  ...OPTIONAL,
  ...IPS,
  ...URLS,
  ...QUANTITIES,
];
