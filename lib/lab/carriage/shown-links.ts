/**
 * An ip(8) for nodes whose tunnel device a program of the lab made: in details as JSON its kind is the kernel's own. `shownAs`: what
 * stands in the place of a TUN or TAP device's kind and attributes.
 */
export function renderShownLinks(ip: string, shownAs: string): string {
  return [
    "#!/bin/sh",
    `case " $* " in *" -d "*) ;; *) exec ${ip} "$@" ;; esac`,
    `shown=$(${ip} "$@")`,
    "code=$?",
    `printf '%s\\n' "$shown" | sed 's/"info_kind":"tun","info_data":{[^}]*}/${shownAs}/g'`,
    "exit $code",
    "",
  ].join("\n");
}
