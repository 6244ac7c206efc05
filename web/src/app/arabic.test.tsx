import { readFileSync } from "node:fs";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

beforeEach(async () => {
  vi.resetModules();
  localStorage.setItem("mediary.language", "ar");
  new Function(readFileSync("public/first.js", "utf8"))();
  await (await import("@/texts")).loadTexts();
});

afterEach(() => {
  localStorage.clear();
  Object.assign(document.documentElement, { lang: "en", dir: "ltr" });
});

test("a page in Arabic is read from right to left, and leads to another language", async () => {
  history.replaceState(null, "", "/login");
  const { createAppRouter } = await import("@/app/router");
  const client = new QueryClient();
  render(
    <QueryClientProvider client={client}>
      <RouterProvider router={createAppRouter(client)} />
    </QueryClientProvider>,
  );
  expect(await screen.findByRole("button", { name: "تسجيل الدخول" })).toBeTruthy();
  expect(document.documentElement.dir).toBe("rtl");
  expect(document.documentElement.lang).toBe("ar");

  const reload = vi.spyOn(location, "reload").mockImplementation(() => {});
  await userEvent.selectOptions(screen.getByRole("combobox", { name: "اللغة" }), "हिन्दी");
  expect(localStorage.getItem("mediary.language")).toBe("hi");
  expect(reload).toHaveBeenCalledOnce();
});
