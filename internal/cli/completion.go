package cli

import (
	"fmt"
	"strings"
)

// completions maps a shell to the generator of its completion script from the places of a command line.
var completions = map[string]func(program string, places []word) string{
	"bash": bashCompletion, "zsh": zshCompletion, "fish": fishCompletion,
}

func texts(list []suggestion) string {
	var all []string
	for _, s := range list {
		all = append(all, s.text)
	}
	return strings.Join(all, " ")
}

// function returns the name of a program's completion function.
func function(program string) string { return "_" + strings.ReplaceAll(program, "-", "_") }

// bashCompletion returns a function that follows the verbs typed so far and offers the verbs and flags of that place,
// or file names.
func bashCompletion(program string, places []word) string {
	var b strings.Builder
	name := function(program)
	fmt.Fprintf(&b, "# bash completion of %s\n%s() {\n  local cur=${COMP_WORDS[COMP_CWORD]} path= i next flags\n", program, name)
	b.WriteString("  for ((i = 1; i < COMP_CWORD; i++)); do\n    case \"${path:+$path }${COMP_WORDS[i]}\" in\n")
	for _, p := range places[1:] {
		fmt.Fprintf(&b, "      %q) path=%q ;;\n", p.path, p.path)
	}
	b.WriteString("    esac\n  done\n  case \"$path\" in\n")
	for _, p := range places {
		fmt.Fprintf(&b, "    %q) next=%q flags=%q ;;\n", p.path, texts(p.next), texts(p.flags))
	}
	b.WriteString("  esac\n  if [[ $cur == -* ]]; then\n    COMPREPLY=($(compgen -W \"$flags\" -- \"$cur\"))\n  else\n    COMPREPLY=($(compgen -W \"$next\" -- \"$cur\"))\n  fi\n}\n")
	fmt.Fprintf(&b, "complete -o default -F %s %s\n", name, program)
	return b.String()
}

// zshCompletion returns the function of bashCompletion for zsh's completion system.
func zshCompletion(program string, places []word) string {
	var b strings.Builder
	name := function(program)
	fmt.Fprintf(&b, "#compdef %s\n%s() {\n  local here= i\n  local -a next flags\n  for ((i = 2; i < CURRENT; i++)); do\n    case \"${here:+$here }${words[i]}\" in\n", program, name)
	for _, p := range places[1:] {
		fmt.Fprintf(&b, "      %s) here=%s ;;\n", zshQuote(p.path), zshQuote(p.path))
	}
	b.WriteString("    esac\n  done\n  case \"$here\" in\n")
	for _, p := range places {
		fmt.Fprintf(&b, "    %s) next=(%s) flags=(%s) ;;\n", zshQuote(p.path), zshList(p.next), zshList(p.flags))
	}
	b.WriteString("  esac\n  if [[ ${words[CURRENT]} == -* ]]; then\n    _describe flag flags\n  else\n    ((${#next})) && _describe verb next\n    _files\n  fi\n}\n")
	fmt.Fprintf(&b, "%s \"$@\"\n", name)
	return b.String()
}

func zshQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func zshList(list []suggestion) string {
	var all []string
	for _, s := range list {
		all = append(all, zshQuote(strings.ReplaceAll(s.text, ":", `\:`)+":"+firstSentence(s.help)))
	}
	return strings.Join(all, " ")
}

// fishCompletion returns one `complete` command for each verb and flag of each place.
func fishCompletion(program string, places []word) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# fish completion of %s\n", program)
	for _, p := range places {
		condition := "__fish_use_subcommand"
		if p.path != "" {
			var seen []string
			for _, verb := range strings.Fields(p.path) {
				seen = append(seen, "__fish_seen_subcommand_from "+verb)
			}
			condition = strings.Join(seen, "; and ")
		}
		for _, s := range p.next {
			fmt.Fprintf(&b, "complete -c %s -n %s -a %s -d %s\n", program, fishQuote(condition), s.text, fishQuote(firstSentence(s.help)))
		}
		for _, s := range p.flags {
			fmt.Fprintf(&b, "complete -c %s -n %s -l %s -d %s\n", program, fishQuote(condition), strings.TrimPrefix(s.text, "--"), fishQuote(firstSentence(s.help)))
		}
	}
	return b.String()
}

func fishQuote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s) + "'"
}
