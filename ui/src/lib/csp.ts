/** The style nonce that the page was served with; libraries that make <style> elements need it. */

/**
 * Reads the nonce of the page's own style element. Browsers hide a nonce from attributes but keep it in
 * the `nonce` property. Empty where the page has no policy (in tests, in a plain browser).
 */
export function cspNonce(): string {
  return document.querySelector<HTMLStyleElement>("style#csp-nonce")?.nonce ?? "";
}
