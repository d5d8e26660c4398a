/** Frames that no training sentence is made from: their own subjects and their own constructions. See frames.ts. */
import type { Frames } from "./frames.ts";

export const HELD_OUT_FRAMES: Frames = {
  music: [
    "the {instrument} drowned out the {instrument} [in the slow movement|at the {event}|from the first bar on]",
    "{name} [practises|is learning|plays] the {instrument} in the {room}, to the despair of a {relative}",
    "a choir from {town} sang {small} songs about {animal.s} in the {building}",
    "somebody tuned the {quality} {instrument} {manner} before the {event}",
    "is that a {instrument} or a {instrument} on the recording of {year}?",
  ],
  medicine: [
    "the doctor in {town} treated {name}'s {illness} with {drink} and {small} days of rest",
    "a {illness} is [seldom|often] mistaken for a {illness} by a tired {relative}",
    "{percent} of patients with a {illness} recover before {month}",
    "having had a {illness} as a child, the {trade} is immune to it now",
    "do you give {substance} to somebody who has a {illness}?",
  ],
  court: [
    "the {official} sentenced a {trade} from {town} to {small} months for forging a {document}",
    "witnesses swore under oath that the {vehicle} carried stolen {goods}",
    "the lawyer argued that {name} could not have been in the {building} at {clock}",
    "a fine of {price} awaits whoever keeps a {animal} in a {room}",
    "has the {official} ever overturned a verdict about {goods}?",
  ],
  sport: [
    "{town} beat the visitors at {sport} by {small} points to nil",
    "the captain missed the final of the {sport} championship with a {illness}",
    "not since {year} has a {trade} won a medal in {sport}",
    "training for {sport} starts in {month}, {sky} or no {sky}",
    "spectators threw {food} at the referee after the {sport} match",
  ],
  garden: [
    "prune the {plant} in {month}, and it will flower until {month}",
    "slugs ate {small} rows of seedlings beneath the {plant} overnight",
    "the hedge of {plant.s} hides a {quality} shed full of {tool.s}",
    "{name} planted a {plant} where the {furniture} used to stand",
    "will a {plant} survive {sky} in {season}?",
  ],
};
