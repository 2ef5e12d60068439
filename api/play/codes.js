// What a till scans: the token of RFC 6238, QR, Code 128 and EAN-13.

import { generate } from "./qr.js";

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** The bytes of a base32 text. */
export function readBase32(text) {
	const bytes = [];
	let [bits, value] = [0, 0];
	for (const symbol of text.replace(/=+$/, "")) {
		value = ((value << 5) | BASE32.indexOf(symbol)) & 0xfff;
		bits += 5;
		if (bits >= 8) bytes.push((value >> (bits -= 8)) & 0xff);
	}
	return new Uint8Array(bytes);
}

/** The token at an instant (ms), by the recipe that came with the coupon. */
export async function tokenAt({ secret, algorithm, digits, periodSeconds }, now) {
	const hash = { SHA1: "SHA-1", SHA256: "SHA-256" }[algorithm];
	const key = await crypto.subtle.importKey("raw", readBase32(secret), { name: "HMAC", hash }, false, ["sign"]);
	const step = new DataView(new ArrayBuffer(8));
	step.setBigUint64(0, BigInt(Math.floor(now / 1000 / periodSeconds)));
	const mac = new DataView(await crypto.subtle.sign("HMAC", key, step.buffer));
	const number = mac.getUint32(mac.getUint8(mac.byteLength - 1) & 15) & 0x7fffffff;
	return String(number % 10 ** digits).padStart(digits, "0");
}

const drawing = (width, height, path, label) => {
	const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
	const set = (node, values) => Object.entries(values).forEach(([name, value]) => node.setAttribute(name, value));
	set(svg, { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label, "shape-rendering": "crispEdges" });
	svg.setAttribute("preserveAspectRatio", "none");
	for (const [tag, values] of [["rect", { width, height, fill: "#fff" }], ["path", { d: path, fill: "#000" }]]) {
		const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
		set(node, values);
		svg.append(node);
	}
	return svg;
};

const QUIET = 4;

/** A QR code with its quiet zone. */
export function drawQr(text, label) {
	const code = generate(text);
	let path = "";
	for (let y = 0; y < code.size; y += 1) {
		for (let x = 0; x < code.size; x += 1) if (code.get(x, y)) path += `M${x + QUIET} ${y + QUIET}h1v1h-1z`;
	}
	return drawing(code.size + 2 * QUIET, code.size + 2 * QUIET, path, label);
}

/** Bars of "1" and spaces of "0", with quiet zones. */
function drawBars(bits, label, quiet = 10) {
	let path = "";
	for (const { index, 0: run } of bits.matchAll(/1+/g)) path += `M${index + quiet} 0h${run.length}v40h-${run.length}z`;
	return drawing(bits.length + 2 * quiet, 40, path, label);
}

// Widths of bars and spaces of the symbols 0 to 105 and the stop (ISO/IEC 15417).
const WIDTHS = (
	"212222222122222221121223121322131222122213122312132212221213221312231212112232122132122231113222123122123221223211" +
	"221132221231213212223112312131311222321122321221312212322112322211212123212321232121111323131123131321112313132113" +
	"132311211313231113231311112133112331132131113123113321133121313121211331231131213113213311213131311123311321331121" +
	"312113312311332111314111221411431111111224111422121124121421141122141221112214112412122114122411142112142211241211" +
	"221114413111241112134111111242121142121241114212124112124211411212421112421211212141214121412121111143111341131141" +
	"114113114311411113411311113141114131311141411131211412211214211232"
).match(/.{6}/g);
const STOP = "2331112";
const [CODE_C, START_B] = [99, 104];

/** The symbol values of Code 128: set B, and C for the digits that an even tail has. */
export function code128(text) {
	const tail = /(?:\d\d){2,}$/.exec(text)?.[0] ?? "";
	const values = [START_B, ...[...text.slice(0, text.length - tail.length)].map((symbol) => symbol.charCodeAt(0) - 32)];
	if (tail) values.push(CODE_C, ...tail.match(/../g).map(Number));
	const check = values.reduce((sum, value, at) => sum + value * Math.max(at, 1), 0) % 103;
	return [...values, check];
}

const widen = (widths) => [...widths].map((width, at) => (at % 2 ? "0" : "1").repeat(Number(width))).join("");

export function drawCode128(text, label) {
	return drawBars([...code128(text).map((value) => WIDTHS[value]), STOP].map(widen).join(""), label);
}

const LEFT = ["0001101", "0011001", "0010011", "0111101", "0100011", "0110001", "0101111", "0111011", "0110111", "0001011"];
const PARITY = ["000000", "001011", "001101", "001110", "010011", "011001", "011100", "010101", "010110", "011010"];
const invert = (bits) => bits.replace(/./g, (bit) => (bit === "1" ? "0" : "1"));
const reverse = (bits) => [...bits].reverse().join("");

/** The modules of an EAN-13, by its 13 digits. */
export function ean13(digits) {
	const [first, ...rest] = [...digits].map(Number);
	const left = rest.slice(0, 6).map((digit, at) =>
		PARITY[first][at] === "0" ? LEFT[digit] : reverse(invert(LEFT[digit])));
	const right = rest.slice(6).map((digit) => invert(LEFT[digit]));
	return `101${left.join("")}01010${right.join("")}101`;
}

export const drawEan13 = (digits, label) => drawBars(ean13(digits), label, 11);
