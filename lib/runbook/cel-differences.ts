/** What is not as in Kubernetes' CEL. */
interface CelDifference {
  /** One sentence. */
  readonly says: string;
  /**
   * The cases of CEL's specification that show it, which are not run or give something else: `*` is any text. Empty:
   * none does. The test of conformance fails for a case that is neither right nor named here, and for a name that
   * stands for no case that is wrong.
   */
  readonly cases: readonly string[];
}

export const CEL_DIFFERENCES: readonly CelDifference[] = [
  {
    says: "There are no protocol buffers: no messages, enums and wrappers, and no Any.",
    cases: [
      ...["dynamic/*", "enums/*", "proto2/*", "proto2_ext/*", "proto3/*", "wrappers/*"],
      ...[
        "comparisons/eq_wrapper/*",
        "comparisons/eq_literal/*proto*",
        "comparisons/eq_literal/eq_dyn_json_null",
      ],
      ...["comparisons/ne_literal/ne_proto*", "optionals/optionals/*struct*", "parse/nest/message_literal"],
      ...["parse/repeat/message_literal", "parse/repeat/select", "parse/struct_field_names/*"],
      ...["parse/whitespace/*", "parse/comments/*", "type_deductions/complex_initializers/struct"],
      ...["type_deductions/field_access/*", "type_deductions/legacy_nullable_types/*"],
    ],
  },
  {
    says: "There are no containers, and no variables whose names have dots in them.",
    cases: ["namespace/*", "fields/qualified_identifier_resolution/*"],
  },
  {
    says: "There are no functions but those of this page.",
    cases: ["type_deductions/functions/function_result_type", "type_deductions/type_parameters/*"],
  },
  {
    says: "What CEL's extensions for mathematics, encodings and blocks have is not here, as it is not in Kubernetes.",
    cases: ["math_ext/*", "encoders_ext/*", "block_ext/*"],
  },
  {
    says: "Of Kubernetes' own libraries authorizer, format, semver and image are not here.",
    cases: [],
  },
  {
    says: "cel.bind and strings.quote are here, and not in every version of Kubernetes.",
    cases: [],
  },
  {
    says: "A list may hold items of several types, and so may a map; Kubernetes wants dyn() around them. The two sides of A ? B : C may have several types as well, so that null can stand for a key that is left out.",
    cases: [],
  },
  {
    says: "A value that may be null is known as such before the run, and is compared with null; Kubernetes leaves the field out in its place.",
    cases: [],
  },
];
