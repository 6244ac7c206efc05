"""A small photo studio: meshes, materials, light, a camera, and the look of a phone's JPEG."""

import io
import os

import mitsuba as mi
import numpy as np
import pyoidn
from PIL import Image

from paths import OUT

mi.set_variant("llvm_ad_rgb")
from mitsuba import ScalarTransform4f as T  # noqa: E402  (needs the variant)

# A draft is a quarter of the pixels with few samples: for looking at a scene while changing it.
DRAFT = bool(os.environ.get("DRAFT"))


def bitmap(pixels, raw=False):
    """A texture from an array: 0..1 colours, or plain numbers when `raw`."""
    data = np.ascontiguousarray(pixels, dtype=np.float32)
    if data.ndim == 2:
        data = data[..., None]
    if not raw:
        data = np.where(data <= 0.04045, data / 12.92, ((np.clip(data, 0, None) + 0.055) / 1.055) ** 2.4).astype(np.float32)
    return {"type": "bitmap", "bitmap": mi.Bitmap(data), "raw": True}


def colour(value):
    """A texture from a bitmap, an array, or three numbers written as seen on a screen."""
    if isinstance(value, dict):
        return value
    data = np.asarray(value, dtype=np.float32)
    if data.ndim == 1:
        return {"type": "rgb", "value": [float(c) ** 2.2 for c in data]}
    return bitmap(data)


def material(base, rough=0.5, metal=0.0, spec=0.5, coat=0.0, bump=None, depth=0.01):
    """A surface as most things have it; `bump` is a height map in `depth` units of texture space."""
    body = {
        "type": "principled",
        "base_color": colour(base),
        "metallic": metal,
        "specular": spec,
        "roughness": rough if np.isscalar(rough) else bitmap(rough, raw=True),
    }
    if coat:
        body.update(clearcoat=coat, clearcoat_gloss=0.9)
    if bump is not None:
        body = {"type": "bumpmap", "arbitrary": bitmap(bump, raw=True), "scale": depth, "bsdf": body}
    return {"type": "twosided", "bsdf": body}


def glow(power):
    return {"type": "area", "radiance": {"type": "rgb", "value": [float(c) for c in power]}}


def mesh(points, faces, uv=None, bsdf=None, smooth=True):
    """A triangle mesh from arrays, with averaged normals when `smooth`."""
    points, faces = np.asarray(points, np.float32), np.asarray(faces, np.uint32)
    props = mi.Properties()
    if bsdf is not None:
        props["mesh_bsdf"] = mi.load_dict(bsdf)
    made = mi.Mesh("m", len(points), len(faces), has_vertex_normals=smooth, has_vertex_texcoords=uv is not None, props=props)
    data = mi.traverse(made)
    data["vertex_positions"] = points.ravel()
    data["faces"] = faces.ravel()
    if uv is not None:
        data["vertex_texcoords"] = np.asarray(uv, np.float32).ravel()
    data.update()
    if smooth:
        # Points that share a place share a normal: no seams, no black poles.
        _, place = np.unique(points.round(5), axis=0, return_inverse=True)
        flat = np.cross(points[faces[:, 1]] - points[faces[:, 0]], points[faces[:, 2]] - points[faces[:, 0]])
        shared = np.stack([np.bincount(place.ravel()[faces].ravel(), np.repeat(flat[:, axis], 3), place.max() + 1) for axis in range(3)], 1)
        normals = shared[place.ravel()]
        normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-12
        data["vertex_normals"] = normals.astype(np.float32).ravel()
    data.update()
    return made


def sheet(surface, rows, columns, bsdf, smooth=True):
    """A mesh over the unit square: `surface(u, v)` gives the points, and u, v the texture's place."""
    v, u = np.meshgrid(np.linspace(0, 1, rows), np.linspace(0, 1, columns), indexing="ij")
    points = np.stack(surface(u, v), -1).reshape(-1, 3)
    corner = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    faces = np.concatenate(
        [np.stack([corner, corner + 1, corner + columns], 1), np.stack([corner + 1, corner + columns + 1, corner + columns], 1)]
    )
    return mesh(points, faces, np.stack([u, v], -1).reshape(-1, 2), bsdf, smooth)


def lathe(profile, bsdf, at=(0, 0, 0), steps=96, fine=8, spin=0.0):
    """A pot turned on the wheel: `profile` is (radius, height) from the foot along the outside."""
    profile = np.asarray(profile, float)
    run = np.r_[0, np.cumsum(np.linalg.norm(np.diff(profile, axis=0), axis=1))]
    run /= run[-1]
    rows = len(profile) * fine

    def surface(u, v):
        angle = 2 * np.pi * u + spin
        radius, height = np.interp(v, run, profile[:, 0]), np.interp(v, run, profile[:, 1])
        return at[0] + radius * np.cos(angle), at[1] + radius * np.sin(angle), at[2] + height

    return sheet(surface, rows, steps, bsdf)


def tube(path, radius, bsdf, sides=20, squash=1.0):
    """A hose along `path` (points); `radius` is a number or one for each point."""
    path = np.asarray(path, float)
    along = np.gradient(path, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    up = np.array([0, 0, 1.0]) if abs(along[:, 2]).max() < 0.9 else np.array([0.0, 1, 0.013])
    side = np.cross(along, up)
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    lift = np.cross(side, along)
    radius = np.broadcast_to(radius, len(path))

    def surface(u, v):
        row = np.rint(v * (len(path) - 1)).astype(int)
        turn = 2 * np.pi * u[..., None]
        point = path[row] + radius[row][..., None] * (np.cos(turn) * side[row] * squash + np.sin(turn) * lift[row])
        return point[..., 0], point[..., 1], point[..., 2]

    return sheet(surface, len(path), sides, bsdf)


def ring(centre, axis, big, small, bsdf, sides=24, steps=128):
    """A torus round `axis`."""
    frame = mi.Frame3f(mi.Vector3f([float(c) for c in axis]))
    s, t = np.array(frame.s).ravel(), np.array(frame.t).ravel()
    n = np.asarray(axis, float) / np.linalg.norm(axis)

    def surface(u, v):
        a, b = 2 * np.pi * u[..., None], 2 * np.pi * v[..., None]
        out = np.cos(a) * s + np.sin(a) * t
        point = np.asarray(centre) + out * (big + small * np.cos(b)) + n * small * np.sin(b)
        return point[..., 0], point[..., 1], point[..., 2]

    return sheet(surface, sides, steps, bsdf)


def rod(start, end, radius, bsdf):
    """A straight bar with round ends closed by discs."""
    return {"type": "cylinder", "p0": [float(c) for c in start], "p1": [float(c) for c in end], "radius": float(radius), "bsdf": bsdf}


def disc(centre, radius, bsdf):
    """A level round, such as the top of a drink."""
    return {"type": "disk", "to_world": T.translate([float(c) for c in centre]) @ T.scale([float(radius), float(radius), 1]), "bsdf": bsdf}


def ball(centre, radius, bsdf):
    return {"type": "sphere", "center": [float(c) for c in centre], "radius": float(radius), "bsdf": bsdf}


def balls(centres, radii, bsdf, sides=10):
    """Many little balls as one mesh; `radii` is a number or one for each."""
    v, u = np.meshgrid(np.linspace(0, np.pi, sides), np.linspace(0, 2 * np.pi, 2 * sides), indexing="ij")
    unit = np.stack([np.sin(v) * np.cos(u), np.sin(v) * np.sin(u), np.cos(v)], -1).reshape(-1, 3)
    columns = 2 * sides
    corner = (np.arange(sides - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    faces = np.concatenate(
        [np.stack([corner, corner + columns, corner + 1], 1), np.stack([corner + 1, corner + columns, corner + columns + 1], 1)]
    )
    centres = np.asarray(centres, float)
    radii = np.broadcast_to(radii, len(centres))
    points = (centres[:, None] + unit[None] * radii[:, None, None]).reshape(-1, 3)
    return mesh(points, (faces[None] + (np.arange(len(centres)) * len(unit))[:, None, None]).reshape(-1, 3), None, bsdf)


def rods(ends, radius, bsdf, sides=8):
    """Many straight wires as one mesh; `ends` holds pairs of points."""
    points, faces = [], []
    for start, end in np.asarray(ends, float):
        along = (end - start) / np.linalg.norm(end - start)
        side = np.cross(along, (0.31, 0.83, 0.46))
        side /= np.linalg.norm(side)
        lift = np.cross(along, side)
        turn = np.linspace(0, 2 * np.pi, sides, endpoint=False)[:, None]
        circle = radius * (np.cos(turn) * side + np.sin(turn) * lift)
        base, n = len(points) * 2 * sides, np.arange(sides)
        after = (n + 1) % sides
        points.append(np.concatenate([start + circle, end + circle]))
        faces += [
            np.stack([base + n, base + after, base + sides + n], 1),
            np.stack([base + after, base + sides + after, base + sides + n], 1),
        ]
    return mesh(np.concatenate(points), np.concatenate(faces), None, bsdf)


def block(centre, size, bsdf, turn=0.0, tilt=0.0):
    """A box with its middle at `centre`; `turn` round the vertical and `tilt` round x in degrees."""
    half = [float(c) / 2 for c in size]
    place = T.translate([float(c) for c in centre]) @ T.rotate([0, 0, 1], turn) @ T.rotate([1, 0, 0], tilt) @ T.scale(half)
    return {"type": "cube", "to_world": place, "bsdf": bsdf}


def tilt(degrees):
    """A turn round y, to put after a shape's own place."""
    return T.rotate([0, 1, 0], degrees)


def plane(centre, size, bsdf, normal=(0, 0, 1), up=(0, 1, 0), emitter=None):
    """A rectangle facing `normal`, as wide and high as `size`."""
    target = [float(c + n) for c, n in zip(centre, normal)]
    place = T.look_at(origin=[float(c) for c in centre], target=target, up=[float(c) for c in up]) @ T.scale([size[0] / 2, -size[1] / 2, 1])
    shape = {"type": "rectangle", "to_world": place}
    if bsdf is not None:
        shape["bsdf"] = bsdf
    if emitter is not None:
        shape["emitter"] = emitter
    return shape


def lamp(at, towards, size, power):
    """A softbox: a shining rectangle at `at` looking `towards` a point."""
    normal = np.asarray(towards, float) - np.asarray(at, float)
    up = (0, 0, 1) if abs(normal[2]) < 0.95 * np.linalg.norm(normal) else (0, 1, 0)
    return plane(at, size, None, normal, up, glow(power))


def sky(pixels, scale=1.0, turn=0.0):
    """Light from everywhere: a lat-long picture in linear light, its top row the zenith (z is up)."""
    pixels = np.ascontiguousarray(np.asarray(pixels, np.float32))
    return {"type": "envmap", "bitmap": mi.Bitmap(pixels), "scale": scale, "to_world": T.rotate([0, 0, 1], turn) @ T.rotate([1, 0, 0], 90)}


def soft_sky(top, side, ground, scale=1.0):
    """An overcast sky: three colours from zenith to ground."""
    rows = np.linspace(0, 1, 64)[:, None]
    column = np.where(rows < 0.5, np.array(top) * (1 - 2 * rows) + np.array(side) * 2 * rows, np.array(ground))
    return sky(np.repeat(column[:, None, :], 128, 1), scale)


def expose(shapes, size, eye, look, fov=40, focus=None, aperture=0.0, samples=64, up=(0, 0, 1), depth=8, seed=0):
    """Takes the picture: linear light as an array, cleaned of the sampling noise."""
    width, height = (size[0] // 2, size[1] // 2) if DRAFT else size
    samples = max(4, samples // 4) if DRAFT else samples
    distance = float(np.linalg.norm(np.asarray(focus if focus is not None else look, float) - np.asarray(eye, float)))
    camera = {
        "type": "thinlens" if aperture else "perspective",
        "fov": fov,
        "fov_axis": "larger",
        "to_world": T.look_at(origin=list(map(float, eye)), target=list(map(float, look)), up=list(map(float, up))),
        "film": {"type": "hdrfilm", "width": width, "height": height, "rfilter": {"type": "box"}, "pixel_format": "rgb"},
        "sampler": {"type": "multijitter", "sample_count": samples},
    }
    if aperture:
        camera.update(aperture_radius=aperture, focus_distance=distance)
    scene = {
        "type": "scene",
        "camera": camera,
        "integrator": {"type": "aov", "aovs": "albedo:albedo,normal:sh_normal", "image": {"type": "path", "max_depth": depth}},
    }
    scene.update({f"shape{n}": shape for n, shape in enumerate(shapes)})
    layers = np.array(mi.render(mi.load_dict(scene), spp=samples, seed=seed))
    light, albedo, normal = (np.ascontiguousarray(layers[..., at : at + 3], dtype=np.float32) for at in (0, 3, 6))
    return np.asarray(
        pyoidn.denoise(np.nan_to_num(light), albedo=np.clip(np.nan_to_num(albedo), 0, 1), normal=np.nan_to_num(normal), hdr=True)
    )


def develop(light, exposure=1.0, warmth=0.0, contrast=1.0, vignette=0.25, grain=0.012, seed=1):
    """From light to the 8-bit picture a phone would make: tone curve, vignette, sensor grain."""
    height, width = light.shape[:2]
    light = np.clip(light, 0, None) * exposure * np.array([1 + warmth, 1, 1 - warmth])
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    light = light * (1 - vignette * ((x * x + y * y) / 2) ** 1.3)[..., None]
    tone = light * (2.51 * light + 0.03) / (light * (2.43 * light + 0.59) + 0.14)
    tone = np.clip(tone, 0, 1) ** (1 / 2.2)
    tone = np.clip(0.5 + (tone - 0.5) * contrast, 0, 1)
    random = np.random.default_rng(seed)
    fine = random.normal(size=(height, width, 1)) + 0.5 * random.normal(size=(height, width, 3))
    tone = tone + grain * fine * (1.2 - tone)
    return Image.fromarray((np.clip(tone, 0, 1) * 255 + 0.5).astype(np.uint8))


def save(picture, name, limit=190_000):
    """Writes a JPEG that stays under `limit` bytes."""
    for quality in range(88, 40, -3):
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=quality, optimize=True, progressive=True)
        if buffer.tell() <= limit:
            break
    (OUT / name).write_bytes(buffer.getvalue())
    print(f"{name}: {picture.width}x{picture.height}, {buffer.tell()} bytes, quality {quality}")
