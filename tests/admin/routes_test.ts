import { assertEquals, assertThrows } from "@std/assert";
import { AdminError } from "../../lib/admin/error.ts";
import {
  ADMIN_ROUTES,
  findRoute,
  MethodError,
} from "../../lib/admin/routes.ts";

Deno.test("findRoute() finds every route by its method, and lists the methods of a path", () => {
  for (const { method, path } of ADMIN_ROUTES) {
    const asked = path.replace(/\{\w+\}/, "a%2Fb");
    const found = findRoute(method, asked);
    assertEquals([found?.route.path, found?.route.method], [path, method]);
    assertEquals(found?.name, asked === path ? "" : "a/b");
    if (method === "GET") assertEquals(findRoute("HEAD", asked), found);
    const error = assertThrows(() => findRoute("PATCH", asked), MethodError);
    assertEquals(error.allow.includes(method), true);
    assertEquals([error.code, error.status], ["method_not_allowed", 405]);
  }
});

Deno.test("findRoute() finds nothing elsewhere", () => {
  const paths = [
    "",
    "/",
    "/api",
    "/api/",
    "/api/status/",
    "/API/status",
    "/api/tunnels/",
    "/api/tunnels/1/2",
    "/api/bans/",
    "/api/bans/2001:db8::/64",
    "/healthzz",
    "/api/tunnels/{id}/",
  ];
  for (const path of paths) {
    assertEquals(findRoute("GET", path), undefined, path);
  }
});

Deno.test("findRoute() refuses a name that is not percent-encoded", () => {
  for (const name of ["%", "%E0%A4", "%zz", "%ED%A0%80"]) {
    const error = assertThrows(
      () => findRoute("DELETE", `/api/bans/${name}`),
      AdminError,
    );
    assertEquals(error.status, 400);
  }
});
