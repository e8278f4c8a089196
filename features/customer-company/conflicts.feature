@additional @customer-company/conflicts
Feature: Edits on both sides of a customer and its company lose nothing that was not agreed to be lost

  Background:
    Given a Customerp Customer linked with its Invoiced Customer
    And its phone is 5550100 on both sides

  @id:saved-again @req:36
  Scenario Outline: Saving without a change moves nothing: <case>
    When <property> is set to 5550100 in <system>
    And the sync comes to rest
    Then the sync has written nothing since
    And nothing else has changed on either side

    Examples: both sides
      | case      | property | system    |
      | customerp | phone | Customerp |
      | invoiced  | phone | Invoiced  |

  @id:only-what-is-synchronised @req:40 @req:41
  Scenario: An edit of something that is not synchronised is no conflict
    When attention_to is set to Fifty in Invoiced
    And phone is set to 5550200 in Customerp
    And the sync comes to rest
    Then phone in Invoiced is 5550200
    And attention_to in Invoiced is Fifty
    And nothing else has changed on either side
    And one more round writes nothing

  @id:accepted-but-ignored @req:37 @req:43
  Scenario: What Invoiced accepts and does not keep is not taken for a newer value
    When phone is set to 5550200 in Customerp
    And Invoiced accepts the next change but ignores phone
    And the sync comes to rest
    Then the sync reports a divergence on phone
    And phone in Customerp is 5550200
    And nothing else has changed on either side
    And one more round writes nothing

  @id:overtaken @req:39
  Scenario: An edit that comes between the sync's look and its write is not overwritten
    When phone is set to 5550200 in Invoiced
    And phone is to become 5550300 in Customerp just before the sync's next change of a Customer
    And the sync comes to rest
    Then phone in Customerp is 5550300
    And phone in Invoiced is 5550300
    And the sync reports a conflict on phone, won by Customerp
    And nothing else has changed on either side
    And one more round writes nothing

  @id:late @req:44
  Scenario: An older edit that arrives late does not replace the newer one
    When phone is set to 5550200 in Customerp
    And phone is set to 5550300 in Invoiced
    And Customerp's change feed leaves everything out once
    And the sync comes to rest
    Then phone in Invoiced is 5550300
    And phone in Customerp is 5550300
    And the sync reports a conflict on phone, won by Invoiced
    And nothing else has changed on either side
    And one more round writes nothing
