package script

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
)

// indent marks the lines of a script that are answers.
const indent = "    "

// A Step is a line of a script that is no answer, with the answers below it.
type Step struct {
	Line int      // the number of the line, from 1
	Text string   // a command, a comment, or nothing
	Want []string // the answers that the script has, without the indentation
}

// A Difference is a step to which the broker gave other answers than the script
// has.
type Difference struct {
	Step
	Got []string
}

// String returns the step with both answers, on several lines.
func (d Difference) String() string {
	return fmt.Sprintf("line %d: %s\n  got:\n%s  want:\n%s", d.Line, d.Text, answers(d.Got), answers(d.Want))
}

// Run plays a script on a broker of its own and writes the script to w, with
// the answers of the broker in the place of those that it had. It writes each
// step when it has been played. The error is that of w or r, or names the line
// of a command that cannot be played; an error of the broker is an answer.
func Run(w io.Writer, r io.Reader) error {
	return play(NewPlayer(), r, func(step Step, got []string) error {
		_, err := fmt.Fprintf(w, "%s\n%s", step.Text, answers(got))
		return err
	})
}

// Check plays a script on a broker of its own and returns the steps to which
// the broker gave other answers than the script has. The error is as for [Run].
func Check(r io.Reader) ([]Difference, error) {
	var differences []Difference
	err := play(NewPlayer(), r, func(step Step, got []string) error {
		if !slices.Equal(got, step.Want) {
			differences = append(differences, Difference{Step: step, Got: got})
		}
		return nil
	})
	return differences, err
}

// play plays a script and closes the player.
func play(p *Player, r io.Reader, played func(step Step, got []string) error) error {
	defer p.Close()
	steps, err := Parse(r)
	if err != nil {
		return err
	}
	for _, step := range steps {
		got, err := p.Do(step.Text)
		if err == nil {
			err = played(step, got)
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", step.Line, err)
		}
	}
	return nil
}

// Parse returns the steps of a script.
func Parse(r io.Reader) ([]Step, error) {
	var steps []Step
	lines := bufio.NewScanner(r)
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimRight(lines.Text(), " \t\r")
		answer, isAnswer := strings.CutPrefix(line, indent)
		switch {
		case !isAnswer && line != strings.TrimLeft(line, " \t"):
			return nil, fmt.Errorf("line %d: answers are indented by four spaces", number)
		case !isAnswer:
			steps = append(steps, Step{Line: number, Text: line})
		case len(steps) == 0 || !isCommand(steps[len(steps)-1].Text):
			return nil, fmt.Errorf("line %d: an answer without a command", number)
		default:
			last := &steps[len(steps)-1]
			last.Want = append(last.Want, answer)
		}
	}
	return steps, lines.Err()
}

// isCommand reports whether a line is neither empty nor a comment or an answer.
func isCommand(line string) bool { return line != "" && !strings.ContainsAny(line[:1], "# \t") }

// answers returns answers as they stand in a script.
func answers(lines []string) string {
	var b strings.Builder
	for _, line := range lines {
		b.WriteString(indent + line + "\n")
	}
	return b.String()
}
