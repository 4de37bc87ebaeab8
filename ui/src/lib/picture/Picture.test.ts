/** The picture pane: what it says when a picture cannot be shown, and its buttons. */
import { cleanup, render, screen } from "@testing-library/svelte";
import { afterEach, expect, it, vi } from "vitest";
import { provideBackend } from "../../backend";
import { fakeBackend } from "../../backend/fake";
import Picture from "./Picture.svelte";

/** jsdom draws nothing: a canvas that takes every call. */
vi.hoisted(() => {
  const context = new Proxy({}, { get: (_, name) => (name === "canvas" ? document.createElement("canvas") : () => undefined), set: () => true });
  HTMLCanvasElement.prototype.getContext = (() => context) as never;
});

const image = { hash: "h1", format: "png", width: 640, height: 400, bytes: 1 };

afterEach(cleanup);

it("says that a picture could not be shown and lets one try again", async () => {
  provideBackend(fakeBackend());
  vi.stubGlobal("Image", class { src = ""; decode = () => Promise.reject(new Error("not a picture")); });
  render(Picture, { props: { image, view: { kind: "whole" }, regions: [] } });
  expect(await screen.findByRole("alert")).toHaveProperty("textContent", expect.stringContaining("could not be shown"));
  expect(screen.getByRole("button", { name: "Try again" })).toBeTruthy();
  vi.unstubAllGlobals();
});

it("names its buttons and shows the zoom", () => {
  provideBackend(fakeBackend());
  render(Picture, { props: { image, view: { kind: "whole" }, regions: [] } });
  for (const name of ["Zoom in", "Zoom out", "Fit", "1:1"]) expect(screen.getByRole("button", { name })).toBeTruthy();
  expect(screen.getByTestId("zoom-level").textContent).toBe("100 %");
});
