/** Frames whose sentences speak about sentences: what somebody said, doubted, denied, compared. See frames.ts. */
import type { Frames } from "./frames.ts";

export const REPORTING_FRAMES: Frames = {
  reported: [
    "{name} {believed} that the {trade} {handled} the {quality} {furniture}",
    "the {official} {believed} [that|yesterday that] {percent} of the {goods} from {town} were {quality}",
    "according to a {trade} in {town}, the {document} [mentions|never mentions] {goods}",
    '"the {landscape} is {small} miles away," {believed} {name}, "and there is no {vehicle}"',
    "nobody {believed} that a {animal} {handled} the {garment}",
    "what the {relative} {believed} about the {event} in {town} turned out to be [true|only half true|a lie]",
    "asked about the {quality} {goods}, the {official} blamed the {trade.s} of {town}",
    "{name} wrote in a {document} that the {sky} made every {trade} {mood}",
  ],
  negation: [
    "{name} has never [seen|owned|wanted] a {quality} {instrument} or a {animal}",
    "the {official} did not sign the {document}[, and neither did the {official}| in {town}| on {weekday}]",
    "there is no {substance} in {drink}, [whatever {name} says|and hardly any in {food}]",
    "hardly any {trade.s} in {town} [can|want to] [repair a {vehicle}|play the {instrument}|speak about {subject}]",
    "it was not the {animal} but the {sky} that damaged the {plant.s}",
    "none of the {small} {relative.s} remembered the {colour} {garment}",
    "without {material} there would be neither {goods} nor {goods}",
  ],
  clauses: [
    "although the {building} was {quality}, {name} {travelled} there {manner} every {weekday}",
    "the {trade} who {handled} the {goods} also {made} the {document} for the {official}",
    "while {name} was looking for the {tool}, a {animal} ate the {food}",
    "whoever {handled} the {document} must have studied {subject}",
    "since the {official} arrived, the {trade.s} have been {mood}, and the {building} has been full of {goods}",
    "once {name} {handled} the {furniture}, the {trade} {travelled} to the {building} and {believed} that all was well",
    "as soon as the {sky} stopped, the {relative.s} {travelled} to the {landscape} with {small} {goods}",
    "the {document} {name} {handled} at the {event} is worth more than the {vehicle}",
  ],
  questions: [
    "what [is|was] the {trade} doing in the {landscape} with a {tool} and a {animal}?",
    "can a {animal} [eat|smell|digest] {food} without getting ill?",
    "why did the {official} of {town} refuse to drink {drink} at the {event}?",
    "is it true that {name} {handled} {small} {goods} {when}?",
    "where did you buy the {colour} {garment}, and was it more than {price}?",
    "how many {trade.s} does it take to [carry|mend|paint|break] a {furniture}?",
    "who told the {relative} about the {quality} {vehicle} in {town}?",
  ],
  comparison: [
    "a {furniture} of {material} is [less|more] {quality} than one of {material}",
    "{town} has more {building.s} than {town}, but fewer {trade.s}",
    "the {colour} {vehicle} goes {small} times faster than the {colour} one",
    "{name} plays {sport} better than the {relative} plays {sport}",
    "compared with a {animal}, even a {mood} {animal} is [harmless|quick|clever]",
    "the older the {trade}, the more {mood} the {animal}",
  ],
  leisure: [
    "{name} [took up|gave up|prefers|is bored by] {sport} [after the {event}|in {year}|because of a {illness}]",
    "the {event} in {town} begins at {clock} with {food} and a speech by the {official}",
    "we spent the {season} in {town}, {small} minutes from the {landscape}, [reading a {document}|drinking {drink}|without any {sky}]",
    "there were {number} people at the {event}, most of them {trade.s}",
    "on {weekday} evenings {name} paints {plant.s} in the {room}",
    "{name} lost {price} on a {event} and {believed} never to go there again",
  ],
};
